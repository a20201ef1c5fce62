"""Explicit rows of a sweep, from a YAML file."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from genlab.config.untrusted import limited_text
from genlab.config.words import written
from genlab.errors import ConfigError


def read_rows(path: Path) -> list[list[str]]:
    """The rows of a file as lists of overrides.

    The file holds a list of mappings (`- {model.coding_size: 32, trainer.max_epochs: 150}`), or a mapping with
    such a list under `rows`, or `rows` as a mapping name -> row.

    Raises:
        ConfigError: the file is absent, beyond the limits of `limited_text`, or holds something else.
    """
    from omegaconf import DictConfig, OmegaConf
    from omegaconf.errors import OmegaConfBaseException
    from yaml import YAMLError

    try:
        loaded = OmegaConf.create(limited_text(path))
        given = loaded["rows"] if isinstance(loaded, DictConfig) else loaded
        rows: Any = OmegaConf.to_container(given) if OmegaConf.is_config(given) else given
    except ConfigError as error:
        raise ConfigError(f"rows = {error}") from error
    except (OSError, YAMLError, OmegaConfBaseException, KeyError) as error:
        raise ConfigError(f"rows = {path}: {str(error).splitlines()[0]}") from error
    rows = list(rows.values()) if isinstance(rows, dict) else rows
    if not isinstance(rows, list) or not rows or not all(isinstance(row, dict) and row for row in rows):
        raise ConfigError(f"rows = {path} must hold a list of rows such as {{model.coding_size: 32}}")
    return [words(row) for row in rows]


def words(row: Mapping[str, Any]) -> list[str]:
    """A row as overrides: {"model.coding_size": 32} -> ["model.coding_size=32"]."""
    return [f"{key}={written(value)}" for key, value in row.items()]
