"""What Hydra does twice, or for nothing, while it composes a config: done once, since every command waits for it.

A config is made of about forty files, and Hydra reads each of them anew whenever it composes.
"""

from __future__ import annotations

import copy
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from omegaconf import DictConfig, OmegaConf

_READ: dict[tuple[Any, ...], Any] = {}
"""(where, which file, its time and size) -> what Hydra made of it."""


@contextmanager
def wrapped(owner: Any, name: str, wrap: Callable[[Any], Any]) -> Iterator[None]:
    """In the block, `owner.name` is `wrap(owner.name)`; Hydra has no hook for it."""
    original = getattr(owner, name)
    setattr(owner, name, wrap(original))
    try:
        yield
    finally:
        setattr(owner, name, original)


def read_once(load: Callable[[Any, str], Any], source: Any, config_path: str, path: Path) -> Any:
    """What `load` makes of the file at `path`, a copy for each caller; it is read again when it has changed."""
    try:
        now = os.stat(path)
    except OSError:
        return load(source, config_path)  # which says so
    key = (source.provider, source.path, config_path, now.st_mtime_ns, now.st_size)
    if key not in _READ:
        _READ[key] = load(source, config_path)
    return copy.deepcopy(_READ[key])


def where_read(create: Callable[..., DictConfig]) -> Callable[..., DictConfig]:
    """Hydra's table of what is chosen, for defaults that refer to it (`- x: ${y}`): made where there are any."""

    def create_interpolation_map(overrides: Any, defaults_list: list[Any], self_added: bool) -> DictConfig:
        if any(not (each.is_self() or each.is_override()) and each.is_interpolation() for each in defaults_list):
            return create(overrides, defaults_list, self_added)
        return OmegaConf.create()

    return create_interpolation_map
