"""Pictures like a given one: noise is added, and taken away again.

Paper: https://arxiv.org/abs/2108.01073
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal, NamedTuple

from torch import Tensor

from genlab.editing.editable import Editable, Edited
from genlab.protocols import Conditions
from genlab.randomness import Randomness
from genlab.ranges import Share
from genlab.samplers.trajectory import trajectory

Steps = Literal["share", "exact"]


def sdedit(
    model: Editable, x: Tensor, strength: float, condition: Conditions = None, *, generator: Randomness = None,
    steps: Steps = "share",
) -> Tensor:  # fmt: skip
    """`x` (n, ...) as the model would have it (Meng et al. 2022, "SDEdit", algorithm 1).

    `strength` in (0, 1] is the share of the way to noise: near 0 the picture hardly changes. At 1 nothing is left of
    it: the result is what the model samples from the same random numbers, bit for bit.

    Args:
        steps: "share" takes that share of the sampler's steps. "exact" takes as many as the sampler has, the last ones
            of a finer grid.

    Raises:
        ValueError: there is no such strength, or training had fewer steps than the finer grid.
    """
    start = _noised(model, x, strength, steps, generator)
    return _solved(model, start, condition, generator)


@dataclass(frozen=True)
class SDEdit:
    """`sdedit`, as a person asks for it.

    Args:
        strength: the share of the way to noise; more than 0.
        steps: see `sdedit`.
    """

    strength: Share = 0.5
    steps: Steps = "share"

    def __call__(
        self, model: Editable, x: Tensor, condition: Conditions = None, *, generator: Randomness = None
    ) -> Edited:
        start = _noised(model, x, self.strength, self.steps, generator)
        results = _solved(model, start, condition, generator)
        can_be_seen = not getattr(model.denoiser.process, "shows_known", False)  # hidden tokens cannot
        given = model.codec.decode(start.x[:1]) if can_be_seen else None
        return Edited(given, results, (len(start.times) - 1, start.steps))


class _Start(NamedTuple):
    times: Tensor
    """Those that are visited."""
    x: Tensor
    """The picture at the first of them, as the denoiser sees it."""
    steps: int
    """Of the whole grid."""


def _noised(model: Editable, x: Tensor, strength: float, steps: Steps, generator: Randomness) -> _Start:
    if not 0 < strength <= 1:
        raise ValueError(f"strength={strength} must be in (0, 1]: the share of the steps that are taken")
    process, z = model.denoiser.process, model.codec.encode(x)
    times = model.sampler.times(process.schedule)
    taken = max(1, round(strength * (len(times) - 1)))
    if steps == "exact":
        taken = len(times) - 1
        times = _finer(model, round(taken / strength))
    start = times[max(0, len(times) - 1 - taken) :]
    if strength == 1:  # a noisy picture would keep a trace of itself, where a sample begins with noise alone
        begun = process.prior(tuple(z.shape), start[0], generator, z.device)
    else:
        begun = process.corrupt(z, start[0], generator=generator)
    return _Start(start, begun, len(times) - 1)


def _finer(model: Editable, steps: int) -> Tensor:
    """The times of the model's sampler with so many steps."""
    try:
        return replace(model.sampler, steps=steps).times(model.denoiser.process.schedule)
    except ValueError as error:
        raise ValueError(f"edit.steps=exact takes the last of {steps} steps here: {error}") from error


def _solved(model: Editable, start: _Start, condition: Conditions, generator: Randomness) -> Tensor:
    process, denoise = model.denoiser.process, model.guided_denoiser(len(start.x), condition)
    *_, last = trajectory(process, denoise, model.sampler.solver, start.times, start.x, generator=generator)
    return model.codec.decode(last.x)
