"""Looking things up in a composed config whose values may be of any type, or missing: for rules, which never raise."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from omegaconf import DictConfig, ListConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException


def get(cfg: Any, key: str) -> Any:
    """The value at a dotted key; None where there is none, or none that can be resolved: that is reported elsewhere."""
    if not isinstance(cfg, DictConfig | ListConfig):
        return None
    try:
        return OmegaConf.select(cfg, key, throw_on_missing=False)
    except OmegaConfBaseException:
        return None


def number(cfg: Any, key: str) -> int | float | None:
    """The number at a key; None for what is no number."""
    return value if is_number(value := get(cfg, key)) else None


def whole(cfg: Any, key: str) -> int | None:
    """The whole number at a key; None for what is none."""
    return value if is_number(value := get(cfg, key)) and isinstance(value, int) else None


def is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def target(node: Any) -> str:
    """What a node builds, as a dotted name; empty where it says nothing."""
    return name if isinstance(name := get(node, "_target_"), str) else ""


def parts(cfg: Any, key: str) -> Iterator[tuple[str, DictConfig]]:
    """The parts at a key and below, the outer ones first, each with its own key. One that is referred to counts there
    where it stands."""
    node = get(cfg, key)
    if isinstance(node, DictConfig):
        if target(node):
            yield key, node
        for child in map(str, node):
            if not _refers(node, child):
                yield from parts(cfg, f"{key}.{child!s}")
    elif isinstance(node, ListConfig):
        for index in range(len(node)):
            if not _refers(node, index):
                yield from parts(cfg, f"{key}[{index}]")


def _refers(node: Any, key: Any) -> bool:
    return OmegaConf.is_interpolation(node, key) or OmegaConf.is_missing(node, key)
