"""Parts that are read from folders of others: what a config notes of them before a run has its name."""

from __future__ import annotations

from omegaconf import DictConfig, open_dict

from genlab.config.lookup import get, parts
from genlab.errors import ConfigError


def note_folders(cfg: DictConfig) -> None:
    """Write the SHA-256 of each folder that a part is read from beside it; what a saved config has noted stays.

    Raises:
        ConfigError: a folder is missing or lacks a file.
    """
    for root in map(str, cfg):
        for key, part in parts(cfg, root):
            if "sha256" not in part or part.sha256 is not None or not isinstance(folder := get(part, "folder"), str):
                continue
            from genlab.foreign_folder import content, found

            try:
                place = found(folder)
                with open_dict(part):
                    part.folder, part.sha256 = str(place), content(place)
            except ValueError as error:
                raise ConfigError(f"{key}.folder: {error}") from error
