"""What must hold between a text tower and what reads it."""

from __future__ import annotations

from collections.abc import Iterator

from omegaconf import DictConfig

from genlab.config.lookup import get, parts


def texts_have_a_tower(cfg: DictConfig) -> Iterator[str]:
    """A conditioner that reads texts has a tower that does."""
    for key, part in parts(cfg, "conditioner"):
        if "text" in part and get(part, "text") is None:
            yield f"{key} reads texts, and the config has no text tower: give text=clip_small"
