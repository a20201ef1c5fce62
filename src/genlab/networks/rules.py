"""What must hold between a network and the pictures that it sees."""

from __future__ import annotations

import ast
import inspect
import math
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from omegaconf import DictConfig, ListConfig, OmegaConf

from genlab.annotations.declared import declared
from genlab.annotations.misfits import misfits
from genlab.annotations.signatures import Parameter, signature
from genlab.config.lookup import get, parts, target, whole
from genlab.foreign_folder import found, why_not_trained
from genlab.networks.sides import Division, drawn_refusal
from genlab.picture_size import read_size


def sides_can_be_divided(cfg: DictConfig) -> Iterator[str]:
    """Height and width are multiples of what the network halves, or cuts, them by: its class says what (`division`)."""
    for key, network in (one for group in ("network", "generator", "discriminator") for one in parts(cfg, group)):
        size_key, size = _size(cfg, key, network)
        division = _division(network)
        if division is not None and size is not None and (refusal := division.refusal(size, size_key)) is not None:
            yield refusal


def distilled_networks_are_not_trained(cfg: DictConfig) -> Iterator[str]:
    """A network of a folder that was distilled stays as it is."""
    for key, network in parts(cfg, "network"):
        folder = get(network, "folder")
        if get(network, "frozen") is not False or not isinstance(folder, str):
            continue
        with suppress(ValueError, OSError):  # a folder that cannot be read is told of by others
            if (why := why_not_trained(found(folder))) is not None:
                yield f"{key}.frozen = false: {why}"


def asked_size_can_be_drawn(cfg: DictConfig) -> Iterator[str]:
    """`size=` of the command sample is one that codec and network can divide."""
    if (asked := get(cfg, "size")) is None:
        return
    try:
        size = read_size(asked)
    except (TypeError, ValueError) as error:
        yield str(error)
        return
    divisions = [division for _, network in parts(cfg, "network") if (division := _division(network)) is not None]
    multiple = math.lcm(*(division.multiple for division in divisions))
    if (refusal := drawn_refusal(size, whole(cfg, "codec.factor") or 1, multiple)) is not None:
        yield refusal


def _size(cfg: DictConfig, key: str, network: DictConfig) -> tuple[str, list[int] | None]:
    """The size that a network is made for, with the key that says it; without one, that of what the model sees."""
    own = "size" in network and not OmegaConf.is_interpolation(network, "size")
    seen = "dataset.size" if get(cfg, "codec.size") is None else "codec.size"
    value = get(network, "size") if "size" in network else get(cfg, seen)
    sides = list(value) if isinstance(value, ListConfig) else [value]
    fits = len(sides) in (1, 2) and all(isinstance(n, int) and not isinstance(n, bool) and n > 0 for n in sides)
    return f"{key}.size" if own else seen, [*sides, *sides][:2] if fits else None


def _division(network: DictConfig) -> Division | None:
    """How the network divides pictures; None where its class says nothing, or an argument is of no use for it."""
    divide = declared(target(network), "division")
    if divide is None:
        return None
    # a class that declares something has a source file
    parameters = {p.name: p for p in signature(target(network)).parameters}
    arguments: dict[str, Any] = {}
    for name in inspect.signature(divide).parameters:
        if (parameter := parameters.get(name)) is None:
            return None
        arguments[name] = _argument(network, parameter)
        if any(misfits(arguments[name], parameter.annotation, parameter.module, name)):
            return None  # reported where it stands
    try:
        division = divide(**arguments)
    except (TypeError, ValueError, ArithmeticError):  # of a class that does not say what it takes
        return None
    return division if isinstance(division, Division) else None


def _argument(network: DictConfig, parameter: Parameter) -> Any:
    """A value of the config, or the default of the class."""
    if parameter.name in network:
        value = get(network, parameter.name)
        return list(value) if isinstance(value, ListConfig) else value
    try:
        return ast.literal_eval(parameter.default)
    except (ValueError, SyntaxError):
        return None
