"""Builds the parts that a config names; only names on the allow-list."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from omegaconf import DictConfig, OmegaConf

from genlab.config.check import check_targets
from genlab.config.errors import ConfigError
from genlab.config.own_modules import find_own_modules
from genlab.config.signatures import UnknownTarget, signature


def build(node: DictConfig, allowed: Iterable[str] = (), **given: Any) -> Any:
    """The object that `node` describes; `given` are arguments by name, passed on only where the part takes them.

    Raises:
        ConfigError: a target is not allowed at some depth, or a part refuses its arguments with a ValueError.
    """
    from hydra.errors import InstantiationException
    from hydra.utils import instantiate

    allowed = list(allowed)
    find_own_modules(allowed)
    check_targets(OmegaConf.to_container(node, resolve=True), allowed, path=str(node._get_full_key("")))
    target = str(node["_target_"])
    arguments = {name: value for name, value in given.items() if _takes(target, name)}
    try:
        return instantiate(node, **arguments, _convert_="all")
    except InstantiationException as error:
        if isinstance(error.__cause__, ValueError | ConfigError):
            key = str(node._get_full_key("")) or target
            raise ConfigError([f"{key}: {problem}" for problem in str(error.__cause__).splitlines()]) from error
        raise


def build_all(nodes: DictConfig | None, allowed: Iterable[str] = (), **given: Any) -> dict[str, Any]:
    """Every part of a mapping name -> part; a null removes one."""
    return {str(name): build(node, allowed, **given) for name, node in (nodes or {}).items() if node is not None}


def _takes(target: str, name: str) -> bool:
    try:
        accepted = signature(target)
    except UnknownTarget:
        return False
    return any(p.name == name for p in accepted.parameters)
