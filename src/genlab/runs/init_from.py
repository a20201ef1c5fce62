"""Weights of one model as the first weights of another: by name and shape, what does not fit is reported."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

import torch
from torch import Tensor

from genlab.errors import ConfigError, listed
from genlab.finite import NotFinite, finite_weights
from genlab.networks.former_names import with_present_names
from genlab.notice import Notice


@dataclass(frozen=True)
class Fitted:
    """What came of it, by names of weights and buffers.

    Args:
        loaded: those that were given.
        kept: those of the model that match the patterns, learn, and were not given: they are as they were made.
        other_shape: those that have another shape in the source.
        left_over: those of the source that the model has not.
    """

    loaded: tuple[str, ...]
    kept: tuple[str, ...]
    other_shape: tuple[str, ...]
    left_over: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        return {
            "loaded": len(self.loaded), "kept": list(self.kept), "other_shape": list(self.other_shape),
            "left_over": list(self.left_over),
        }  # fmt: skip

    @property
    def misfits(self) -> str:
        """What did not fit, in words; empty where all did."""
        parts = (
            ("keep their own beginning", self.kept), ("have another shape there", self.other_shape),
            ("of it have no place here", self.left_over),
        )  # fmt: skip
        return "; ".join(f"{len(names)} {what} ({listed(names, 4)})" for what, names in parts if names)


def begin_with(
    module: Any, weights: Mapping[str, Tensor], source: str, match: Sequence[str] = ("*",),
    rename: Mapping[str, str] | None = None, strict: bool = False,
) -> Fitted:  # fmt: skip
    """Copy into `module` the weights and buffers that it has by name and shape.

    Args:
        source: what they are of, for sentences.
        match: patterns of names in `module` ("denoiser.network.*"): what matches none keeps its own beginning.
        rename: beginning of a name in the source -> what it becomes here.
        strict: refuse whatever does not fit, instead of a notice.

    Raises:
        ConfigError: no weight fits, a pattern matches no name, a number is not finite, or `strict` and some misfit.
    """
    own = module.state_dict()
    _check_patterns(match, rename or {}, own, weights)
    given = with_present_names(module, {_renamed(name, rename or {}): value for name, value in weights.items()})
    chosen = {name: value for name, value in own.items() if any(fnmatchcase(name, pattern) for pattern in match)}
    fitting = {name: given[name] for name in chosen if name in given and given[name].shape == chosen[name].shape}
    frozen = {name for name, p in module.named_parameters() if not p.requires_grad}
    learning = {name for name, p in module.named_parameters() if p.requires_grad}
    fitted = Fitted(
        loaded=tuple(fitting),
        kept=tuple(name for name in chosen if name not in given and name not in frozen),
        other_shape=tuple(name for name in chosen if name in given and name not in fitting),
        left_over=tuple(name for name in given if name not in own),
    )
    if not learning & set(fitting):
        theirs = f"it has {listed(_parts(given), 6)}, and the model {listed(_parts(chosen), 6)}"
        raise ConfigError(f"{source}: none of its weights fits the model by name and shape: {theirs}")
    if strict and fitted.misfits:
        raise ConfigError(f"init_from.strict = true, and {source} does not fit: {fitted.misfits}")
    with torch.no_grad():
        for name, value in fitting.items():
            own[name].copy_(value)
    try:
        finite_weights(module)
    except NotFinite as error:
        raise ConfigError(f"{source}: {error}") from error
    if fitted.misfits:
        warnings.warn(f"{source}: {len(fitting)} weights are taken; {fitted.misfits}", Notice, stacklevel=2)
    return fitted


def _check_patterns(
    match: Sequence[str], rename: Mapping[str, str], own: Mapping[str, Tensor], weights: Mapping[str, Tensor]
) -> None:
    here, there = listed(_parts(own), 6), listed(_parts(weights), 6)
    for pattern in match:
        if not any(fnmatchcase(name, pattern) for name in own):
            raise ConfigError(f"init_from.match: {pattern!r} matches no weight of the model: they begin with {here}")
    for beginning in rename:
        if not any(name.startswith(beginning) for name in weights):
            raise ConfigError(f"init_from.rename: no weight there begins with {beginning!r}: they begin with {there}")


def _renamed(name: str, rename: Mapping[str, str]) -> str:
    """By the longest beginning that is renamed."""
    fitting = [beginning for beginning in rename if name.startswith(beginning)]
    if not fitting:
        return name
    beginning = max(fitting, key=len)
    return rename[beginning] + name.removeprefix(beginning)


def _parts(names: Mapping[str, Any]) -> list[str]:
    """The first two words of dotted names."""
    return [".".join(name.split(".")[:2]) for name in names]
