"""Pictures like a given one: noise is added, and taken away again.

Paper: https://arxiv.org/abs/2108.01073
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from torch import Tensor

from genlab.editing.editable import Editable, Edited
from genlab.protocols import Conditions
from genlab.randomness import Randomness
from genlab.ranges import Share
from genlab.samplers.trajectory import trajectory


def sdedit(
    model: Editable, x: Tensor, strength: float, condition: Conditions = None, *, generator: Randomness = None
) -> Tensor:
    """`x` (n, ...) as the model would have it (Meng et al. 2022, "SDEdit", algorithm 1).

    `strength` in (0, 1] is the share of the sampler's steps that are taken: near 0 the picture hardly changes. At 1
    nothing is left of it: the result is what the model samples from the same random numbers, bit for bit.
    """
    start = _noised(model, x, strength, generator)
    return _solved(model, start, condition, generator)


@dataclass(frozen=True)
class SDEdit:
    """`sdedit`, as a person asks for it.

    Args:
        strength: the share of the sampler's steps that are taken; more than 0.
    """

    strength: Share = 0.5

    def __call__(
        self, model: Editable, x: Tensor, condition: Conditions = None, *, generator: Randomness = None
    ) -> Edited:
        start = _noised(model, x, self.strength, generator)
        results = _solved(model, start, condition, generator)
        return Edited(model.codec.decode(start.x[:1]), results, (len(start.times) - 1, start.steps))


class _Start(NamedTuple):
    times: Tensor
    """Those that are visited."""
    x: Tensor
    """The picture at the first of them, as the denoiser sees it."""
    steps: int
    """Of the whole sampler."""


def _noised(model: Editable, x: Tensor, strength: float, generator: Randomness) -> _Start:
    if not 0 < strength <= 1:
        raise ValueError(f"strength={strength} must be in (0, 1]: the share of the steps that are taken")
    process, z = model.denoiser.process, model.codec.encode(x)
    times = model.sampler.times(process.schedule)
    steps = len(times) - 1
    times = times[steps - max(1, round(strength * steps)) :]
    if strength == 1:  # a noisy picture would keep a trace of itself, where a sample begins with noise alone
        return _Start(times, process.prior(tuple(z.shape), times[0], generator, z.device), steps)
    return _Start(times, process.corrupt(z, times[0], generator=generator), steps)


def _solved(model: Editable, start: _Start, condition: Conditions, generator: Randomness) -> Tensor:
    process, denoise = model.denoiser.process, model.guided_denoiser(len(start.x), condition)
    *_, last = trajectory(process, denoise, model.sampler.solver, start.times, start.x, generator=generator)
    return model.codec.decode(last.x)
