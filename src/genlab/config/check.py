"""The check of a composed config: every problem at once, each one sentence, before anything heavy is imported."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import Any

from omegaconf import DictConfig, ListConfig, OmegaConf
from omegaconf.errors import InterpolationToMissingValueError, OmegaConfBaseException

from genlab.config.allowed import is_allowed, refusal
from genlab.config.errors import ConfigError, listed, nearest
from genlab.config.fits import Kind
from genlab.config.own_modules import find_own_modules
from genlab.config.placing import misplaced
from genlab.config.ranges import RANGES
from genlab.config.rules import RULES
from genlab.config.schema import ROOT_KEYS
from genlab.config.signatures import Parameter, Signature, UnknownTarget, signature

_HYDRA_KEYS = {"_target_", "_partial_", "_convert_", "_recursive_"}
_SCALARS: dict[str, type] = {"int": int, "float": float, "bool": bool, "str": str}


def check(cfg: DictConfig, extra: Iterable[str] = ()) -> None:
    """Raise a ConfigError that lists every problem of the config; returns nothing when there is none.

    Args:
        cfg: a composed config.
        extra: root keys that a command has of its own.
    """
    known = (*ROOT_KEYS, *extra)
    allowed = list(cfg.get("allow_targets") or [])
    find_own_modules(allowed)
    problems = [
        f"unknown key {key!r}{nearest(str(key), known) or f'; there are {listed(known, 40)}'}"
        for key in cfg
        if key not in known and key != "hydra"
    ]
    problems += [problem for key in cfg if key in known for problem in _node(cfg, key, str(key), allowed)]
    problems += [problem for rule in RULES for problem in rule(cfg)]
    problems += _misplaced(cfg, [str(key) for key in cfg if key in known], allowed)
    if problems:
        raise ConfigError(list(dict.fromkeys(problems)))


def _misplaced(cfg: DictConfig, keys: list[str], allowed: list[str]) -> list[str]:
    """What stands where it does not belong, told once, at the root key that the model refers to."""
    told: dict[str, str] = {}
    for key in sorted(keys, key=lambda key: key == "model"):
        with suppress(OmegaConfBaseException):  # reported by _node
            if OmegaConf.is_config(cfg[key]):
                for problem in misplaced(OmegaConf.to_container(cfg[key], resolve=True), key, allowed):
                    told.setdefault(problem.partition(": ")[2], problem)
    return list(told.values())


def check_part(node: DictConfig, allowed: list[str], kinds: list[Kind] | None = None) -> None:
    """Refuse what may not be built, at any depth of the config of a part, and what does not belong where it stands.

    Args:
        node: as it stands in its config, or alone.
        allowed: further names that the user trusts.
        kinds: what is asked for there; None where the key says it, or nobody.

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
        yield f"{path}: {_one_line(error)}"
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
    parameters = {p.name: p for p in accepted.parameters}
    for key in node:
        name = str(key)
        if name in _HYDRA_KEYS or name == "_args_":
            continue
        if name not in parameters:
            if not accepted.open:
                hint = nearest(name, parameters) or f"; {path} has {listed(parameters)}"
                yield f"unknown key '{path}.{name}'{hint}"
        elif not OmegaConf.is_missing(node, key):
            yield from _value(node, name, f"{path}.{name}", parameters[name])
    if not node.get("_partial_") and "_args_" not in node:
        given = {str(key) for key in node}
        for p in parameters.values():
            if p.required and p.name not in given and p.name not in _GIVEN_BY_COMMANDS:
                yield f"{path}.{p.name} is missing: {target.rpartition('.')[2]} needs it"


_GIVEN_BY_COMMANDS = {"run"}
"""Parameters that the commands give when they build a part."""


def _value(node: DictConfig, key: str, path: str, parameter: Parameter) -> Iterator[str]:
    try:
        value = node[key]
    except OmegaConfBaseException:
        return  # reported by _node
    if isinstance(value, DictConfig) and "_target_" in value:
        return  # whether a part fits, `misplaced` says
    options = [option.strip() for option in _split(parameter.annotation)]
    if value is None:
        if all(o in RANGES or o in _SCALARS or o.startswith("Literal[") for o in options):
            yield f"{path} must not be null: it is {parameter.annotation}"
        return
    problems = [_mismatch(value, option) for option in options if option != "None"]
    if problems and all(problems):
        yield f"{path} = {value!r} {problems[0]}"


def _split(annotation: str) -> list[str]:
    """The members of a union, brackets respected: 'Literal["a", "b"] | None' -> ['Literal["a", "b"]', 'None']."""
    members, depth, current = [], 0, ""
    for character in annotation:
        depth += (character == "[") - (character == "]")
        if character == "|" and depth == 0:
            members.append(current)
            current = ""
        else:
            current += character
    return [*members, current]


def _mismatch(value: Any, annotation: str) -> str | None:
    """Why `value` does not fit `annotation`; None when it fits or when the annotation is not a plain type."""
    if annotation in RANGES:
        kind, allowed = RANGES[annotation]
        if not _is(value, kind):
            return f"must be {_article(kind.__name__)}"
        return None if allowed.holds(value) else f"must be {allowed}"
    if annotation.startswith("Literal["):
        choices = [c.strip().strip("'\"") for c in annotation[len("Literal[") : -1].split(",")]
        if str(value) in choices:
            return None
        return f"must be one of {', '.join(choices)}{nearest(str(value), choices)}"
    if annotation in _SCALARS:
        return None if _is(value, _SCALARS[annotation]) else f"must be {_article(annotation)}"
    return None


def _is(value: Any, kind: type) -> bool:
    if kind is not bool and isinstance(value, bool):
        return False
    return isinstance(value, (int, float) if kind is float else kind)


def _article(kind: str) -> str:
    return {"int": "a whole number", "float": "a number", "bool": "true or false", "str": "text"}[kind]


def _one_line(error: Exception) -> str:
    return re.sub(r"\s*\n\s*", "; ", str(error).strip()).partition("; full_key")[0]
