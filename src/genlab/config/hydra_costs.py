"""What Hydra does twice, or for nothing, while it composes a config: done once, since every command waits for it.

A config is made of about forty files, and Hydra reads each of them anew whenever it composes; before it carries out a
command, it composes the whole config once more, to ask it whether the command is a sweep.
"""

from __future__ import annotations

import copy
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from omegaconf import DictConfig, OmegaConf

_RUN = "hydra.mode=RUN"
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


@contextmanager
def composed_once(is_sweep: bool) -> Iterator[None]:
    """In the block, Hydra composes the config of a command that is no sweep once.

    Args:
        is_sweep: whether the command line says that it is one: no config is asked for that then.
    """
    from hydra._internal.config_loader_impl import ConfigLoaderImpl
    from hydra._internal.hydra import Hydra
    from hydra.types import RunMode

    composed: list[tuple[str | None, list[str], DictConfig]] = []

    def asking(_: Any) -> Any:
        def get_mode(hydra: Hydra, config_name: str | None, overrides: list[str]) -> Any:
            if is_sweep:
                return None
            cfg = hydra.compose_config(config_name, overrides, RunMode.RUN, validate_sweep_overrides=False)
            composed.append((config_name, [*overrides], cfg))
            return cfg.hydra.mode

        return get_mode

    def loading(load: Any) -> Any:
        def load_configuration(
            loader: Any, config_name: str | None, overrides: list[str], *more: Any, **named: Any
        ) -> Any:
            name, before, cfg = composed.pop() if composed else (None, [], None)
            is_added = overrides == [*before, _RUN]  # by Hydra, where the config says nothing
            if (
                cfg is None
                or name != config_name
                or not (is_added or (overrides == before and cfg.hydra.mode == RunMode.RUN))
            ):
                return load(loader, config_name, overrides, *more, **named)
            if is_added:
                cfg.hydra.mode = RunMode.RUN
                cfg.hydra.overrides.hydra.append(_RUN)
            return cfg

        return load_configuration

    with wrapped(Hydra, "get_mode", asking), wrapped(ConfigLoaderImpl, "load_configuration", loading):
        yield
