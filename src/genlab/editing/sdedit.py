"""Pictures like a given one: noise is added, and taken away again.

Paper: https://arxiv.org/abs/2108.01073
"""

from __future__ import annotations

from dataclasses import dataclass

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

    `strength` in (0, 1] is the share of the sampler's steps that are taken: near 0 the picture hardly changes, at 1 it
    is a new sample.
    """
    times, start = _noised(model, x, strength, generator)
    return _solved(model, times, start, condition, generator)


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
        times, start = _noised(model, x, self.strength, generator)
        return Edited(model.codec.decode(start[:1]), _solved(model, times, start, condition, generator))


def _noised(model: Editable, x: Tensor, strength: float, generator: Randomness) -> tuple[Tensor, Tensor]:
    """The times that are visited, and `x` at the first of them, as the denoiser sees it."""
    if not 0 < strength <= 1:
        raise ValueError(f"strength={strength} must be in (0, 1]: the share of the steps that are taken")
    process = model.denoiser.process
    times = model.sampler.times(process.schedule)
    steps = len(times) - 1
    times = times[steps - max(1, round(strength * steps)) :]
    return times, process.corrupt(model.codec.encode(x), times[0], generator=generator)


def _solved(model: Editable, times: Tensor, start: Tensor, condition: Conditions, generator: Randomness) -> Tensor:
    process, denoise = model.denoiser.process, model.guided_denoiser(len(start), condition)
    *_, last = trajectory(process, denoise, model.sampler.solver, times, start, generator=generator)
    return model.codec.decode(last.x)
