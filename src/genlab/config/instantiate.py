"""Builds the parts that a config names; only names on the allow-list, each where it belongs."""

from __future__ import annotations

import copy
import errno
import re
from collections.abc import Iterable, Mapping
from typing import Any

from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from genlab.annotations.parts import Kind
from genlab.annotations.signatures import UnknownTarget, signature
from genlab.config.check import check_part
from genlab.config.own_modules import find_own_modules
from genlab.errors import ConfigError


def build(node: DictConfig, allowed: Iterable[str] = (), **given: Any) -> Any:
    """The object that `node` describes; `given` are arguments by name, passed on only where the part takes them.

    Raises:
        ConfigError: a target is not allowed or does not belong where it stands, at some depth; or a part cannot be
            built, for whatever reason: "KEY: reason", with what was raised as its cause.
        MemoryError, OSError: the machine has no room for the part.
    """
    from hydra.errors import InstantiationException
    from hydra.utils import instantiate

    key, allowed = str(node._get_full_key("")), list(allowed)
    find_own_modules(allowed)
    try:
        check_part(node, allowed, _asked_by_parent(node, allowed))
        target = str(node["_target_"])
        arguments = {name: value for name, value in given.items() if _takes(target, name)}
        return instantiate(_copied(node), **arguments, _convert_="all")
    except InstantiationException as error:
        cause = _cause(error)
        if isinstance(cause, MemoryError) or (isinstance(cause, OSError) and cause.errno in _NO_ROOM):
            raise cause from error
        where = re.search(r"^full_key: (\S+)$", str(error), re.MULTILINE)
        name = where[1] if where else key or target
        raise ConfigError([f"{name}: {reason}" for reason in reasons(cause)]) from cause
    except OmegaConfBaseException as error:
        raise ConfigError(f"{key}: {' '.join(reasons(error))}") from error


def _copied(node: DictConfig) -> DictConfig:
    """The node in a copy of its whole config, which OmegaConf writes to where a part refers to another node."""
    root = copy.deepcopy(node._get_root())
    OmegaConf.set_readonly(root, False)
    key = str(node._get_full_key(""))
    copied: Any = OmegaConf.select(root, key) if key else root
    return copied


_NO_ROOM = (errno.ENOSPC, errno.EDQUOT)


def _asked_by_parent(node: DictConfig, allowed: list[str]) -> list[Kind] | None:
    """What the part around `node` takes in its place; None where no part is around it, or a trusted one."""
    parent = node._get_parent()
    if not isinstance(parent, DictConfig) or "_target_" not in parent or parent["_target_"] in allowed:
        return None
    try:
        parameters = signature(str(parent["_target_"])).parameters
    except UnknownTarget:
        return None
    return [Kind(p.annotation, p.module) for p in parameters if p.name == node._key()] or None


def build_all(nodes: Mapping[Any, Any] | None, allowed: Iterable[str] = (), **given: Any) -> dict[str, Any]:
    """Every part of a mapping name -> part; a null removes one."""
    return {str(name): build(node, allowed, **given) for name, node in (nodes or {}).items() if node is not None}


def _takes(target: str, name: str) -> bool:
    try:
        accepted = signature(target)
    except UnknownTarget:
        return False
    return any(p.name == name for p in accepted.parameters)


def _cause(error: BaseException) -> BaseException:
    """What a part raised, under all that Hydra says about it."""
    from hydra.errors import InstantiationException

    while isinstance(error, InstantiationException) and error.__cause__ is not None:
        error = error.__cause__
    return error


def reasons(error: BaseException) -> list[str]:
    """Why a part could not be built, each reason one line; of an error that says little by itself, with its name."""
    if isinstance(error, ConfigError):
        return error.problems
    if type(error).__name__ == "ValidationError" and callable(listing := getattr(error, "errors", None)):
        return [f"{'.'.join(map(str, each['loc']))}: {each['msg']}, got {each['input']!r}" for each in listing()]
    text = re.sub(r"\s*\n\s*", " ", re.split(r"\n\s*full_key:", str(error))[0].strip())
    speaks = type(error).__module__ != "builtins" or isinstance(
        error, ValueError | OSError | RuntimeError | ImportError
    )
    return [text if speaks and text else f"{type(error).__name__}: {text}".removesuffix(": ")]
