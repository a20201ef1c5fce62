"""The check of a composed config: every problem at once, each one sentence, before anything heavy is imported."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from omegaconf import DictConfig, ListConfig, OmegaConf
from omegaconf.errors import InterpolationToMissingValueError, OmegaConfBaseException

from genlab.annotations.limits import limited
from genlab.annotations.misfits import misfits
from genlab.annotations.parts import Kind
from genlab.annotations.signatures import Parameter, Signature, UnknownTarget, define, signature
from genlab.config.allowed import is_allowed, refusal
from genlab.config.misread import unresolved
from genlab.config.own_modules import find_own_modules
from genlab.config.placing import misplaced
from genlab.config.rules import rules
from genlab.config.schema import Paths, Root, Train
from genlab.config.stages import FILLED_IN_LATER, declare
from genlab.errors import ConfigError, listed, nearest

_HYDRA_KEYS = {"_target_", "_partial_", "_convert_", "_recursive_"}


def check(cfg: DictConfig, keys: type[Root] = Train) -> None:
    """Raise a ConfigError that lists every problem of the config; returns nothing when there is none.

    Args:
        cfg: a composed config.
        keys: the root keys of the command and their types.
    """
    allowed = list(cfg.get("allow_targets") or [])
    find_own_modules(allowed)
    declare(cfg)
    root = _of(keys)
    root_keys = [p.name for p in root.parameters]
    problems = list(_arguments(cfg, "", keys.__name__, root))
    problems += [problem for key in cfg if key in root_keys for problem in _node(cfg, key, str(key), allowed)]
    problems += [problem for rule in rules() for problem in rule(cfg)]
    problems += _misplaced(cfg, [str(key) for key in cfg if key in root_keys], allowed)
    if problems:
        raise ConfigError(list(dict.fromkeys(problems)))


def check_own_part(parent: DictConfig, key: str, path: str) -> None:
    """Raise a ConfigError for what is wrong in the part at `parent[key]`, which the project itself has chosen."""
    if problems := list(_node(parent, key, path, [str(parent[key].get("_target_"))])):
        raise ConfigError(problems)


def _misplaced(cfg: DictConfig, keys: list[str], allowed: list[str]) -> list[str]:
    """What stands where it does not belong, reported once, at the root key that the model refers to."""
    problems: dict[str, str] = {}
    for key in sorted(keys, key=lambda key: key == "model"):
        with suppress(OmegaConfBaseException):  # reported by _node
            if OmegaConf.is_config(cfg[key]):
                for problem in misplaced(OmegaConf.to_container(cfg[key], resolve=True), key, allowed):
                    problems.setdefault(problem.partition(": ")[2], problem)
    return list(problems.values())


def check_part(node: DictConfig, allowed: list[str], kinds: list[Kind] | None = None) -> None:
    """Refuse what may not be built, at any depth of the config of a part, and what does not belong where it stands.

    Args:
        node: as it stands in its config, or alone.
        allowed: further names that the user trusts.
        kinds: what it must be; None where the key decides it, or nothing does.

    Raises:
        ConfigError: every such problem, one sentence each.
    """
    key, plain = str(node._get_full_key("")), OmegaConf.to_container(node, resolve=True)
    problems = [
        f"{where}._target_: {refusal(str(target))}"
        for where, target in _targets(plain, key)
        if not isinstance(target, str) or not is_allowed(target, allowed)
    ]
    problems += misplaced(plain, key, allowed, kinds)
    if problems:
        raise ConfigError(problems)


def _targets(node: Any, path: str) -> Iterator[tuple[str, Any]]:
    if isinstance(node, dict):
        if "_target_" in node:
            yield path, node["_target_"]
        for key, child in node.items():
            yield from _targets(child, f"{path}.{key}" if path else str(key))
    elif isinstance(node, list | tuple):
        for index, child in enumerate(node):
            yield from _targets(child, f"{path}[{index}]")


def _of(keys: type) -> Signature:
    return signature(f"{keys.__module__}.{keys.__name__}")


def _node(parent: DictConfig | ListConfig, key: Any, path: str, allowed: list[str]) -> Iterator[str]:
    """The problems of the value at `key`. References to whole nodes are checked where the node itself stands."""
    is_reference = OmegaConf.is_interpolation(parent, key)
    if OmegaConf.is_missing(parent, key):
        yield f"{path} is missing: give it a value, as in {path}=VALUE"
        return
    try:
        value = parent[key]
    except InterpolationToMissingValueError:
        return  # reported where it is missing
    except OmegaConfBaseException as error:
        root: Any = parent._get_root()
        if not (str(parent._get_node(key)).startswith("${first_stage.") and root.get("first_stage") is None):
            yield unresolved(error, path, root)  # a codec without its first stage is told by a rule
        return
    if isinstance(value, DictConfig) and not is_reference:
        yield from _mapping(value, path, allowed)
    elif isinstance(value, ListConfig) and not is_reference:
        for index in range(len(value)):
            yield from _node(value, index, f"{path}[{index}]", allowed)


def _mapping(node: DictConfig, path: str, allowed: list[str]) -> Iterator[str]:
    if "_target_" in node:
        yield from _part(node, path, allowed)
    for key in map(str, node):
        yield from _node(node, key, f"{path}.{key}", allowed)


def _part(node: DictConfig, path: str, allowed: list[str]) -> Iterator[str]:
    target = str(node["_target_"])
    if not is_allowed(target, allowed):
        yield f"{path}._target_: {refusal(target)}"
        return
    try:
        accepted = signature(target)
    except UnknownTarget as error:
        yield f"{path}._target_: {target!r} cannot be found: {error}"
        return
    yield from _arguments(node, path, target, accepted)


def _arguments(node: DictConfig, path: str, target: str, accepted: Signature) -> Iterator[str]:
    """The problems of the values that `node`, at `path` ("" for the root), gives to the parameters of `target`."""
    parameters = {p.name: p for p in accepted.parameters}
    for name in map(str, node):
        where = f"{path}.{name}" if path else name
        if name in _HYDRA_KEYS or name == "_args_" or where == "hydra":
            continue
        if name not in parameters:
            if not accepted.open:
                names = f"{path} has {listed(parameters)}" if path else f"there are {listed(parameters, 40)}"
                yield f"unknown key {where!r}{nearest(name, parameters) or f'; {names}'}"
        elif not OmegaConf.is_missing(node, name):
            yield from _value(node, name, where, limited(parameters[name], _full_name(target)))
    if not node.get("_partial_") and "_args_" not in node:
        given = {str(key) for key in node}
        for p in parameters.values():
            if p.required and p.name not in given and p.name not in _GIVEN_BY_COMMANDS:
                yield f"{path}{'.' if path else ''}{p.name} is missing: {target.rpartition('.')[2]} needs it"


_GIVEN_BY_COMMANDS = {"run"}
"""Parameters that the commands give when they build a part."""


def _full_name(target: str) -> str:
    """The name by which a part is known where it is defined: what its package calls `Trainer` is one class."""
    return define(target).name if "." in target else target


def _value(node: DictConfig, key: str, path: str, parameter: Parameter) -> Iterator[str]:
    """The problems of one value, each reported at the key where it comes from: `${seed}` is the fault of seed."""
    root: Any = node._get_root()
    try:
        if isinstance(node[key], DictConfig) and "_target_" in node[key]:
            return  # whether a part fits, `misplaced` says
        if parameter.annotation == Paths.__name__ and isinstance(node[key], DictConfig):
            yield from _arguments(node[key], path, path, _of(Paths))
            return
        for where, what in list(misfits(node[key], parameter.annotation, parameter.module, path)):
            origin = _origin(root, where)
            if origin != where and _is_misfit(root, origin):
                continue  # reported where it stands
            if not (what.startswith("must not be null") and origin.startswith(FILLED_IN_LATER)):
                yield f"{origin} {what}"
    except OmegaConfBaseException:
        return  # reported by _node


def _is_misfit(root: DictConfig, path: str) -> bool:
    """Whether the value at `path` does not fit the part that it is given to there."""
    above, _, name = path.rpartition(".")
    part = OmegaConf.select(root, above) if above else None
    if not isinstance(part, DictConfig) or "_target_" not in part or name not in part:
        return False
    with suppress(UnknownTarget):
        for parameter in signature(str(part["_target_"])).parameters:
            if parameter.name == name:
                narrowed = limited(parameter, _full_name(str(part["_target_"])))
                return any(misfits(part[name], narrowed.annotation, narrowed.module, path))
    return False


def _origin(root: DictConfig, path: str) -> str:
    """The key that gives the value at `path`, which may be a reference: model.seed -> seed."""
    parts = re.fullmatch(r"(?:(.*?)\.)?([^.\[\]]+)|(.*)\[(\d+)\]", path)
    if parts is None:
        return path
    parent = OmegaConf.select(root, parts[1] or parts[3] or "")
    key: Any = parts[2] if parts[4] is None else int(parts[4])
    if not isinstance(parent, DictConfig | ListConfig) or not OmegaConf.is_interpolation(parent, key):
        return path
    raw: Any = parent._get_node(key)
    target = re.fullmatch(r"\$\{(?:oc\.select:|height:\$\{|width:\$\{)?([\w.\[\]]+)\}{1,2}", str(raw._value()))
    return path if target is None else _origin(root, target[1])
