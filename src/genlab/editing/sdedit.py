"""Pictures like a given one: noise is added, and taken away again."""

from __future__ import annotations

from torch import Tensor

from genlab.editing.editable import Editable
from genlab.protocols import Conditions
from genlab.randomness import Randomness
from genlab.solvers.trajectory import trajectory


def sdedit(
    model: Editable, x: Tensor, strength: float, condition: Conditions = None, *, generator: Randomness = None
) -> Tensor:
    """`x` (n, ...) as the model would have it (Meng et al. 2022, "SDEdit", algorithm 1).

    `strength` in (0, 1] is the share of the sampler's steps that are taken: near 0 the picture hardly changes, at 1 it
    is a new sample.
    """
    if not 0 < strength <= 1:
        raise ValueError(f"strength={strength} must be in (0, 1]: the share of the steps that are taken")
    process = model.denoiser.process
    times = model.sampler.times(process.schedule)
    steps = len(times) - 1
    times = times[steps - max(1, round(strength * steps)) :]
    start = process.corrupt(model.codec.encode(x), times[0], generator=generator)
    denoise = model.bound(len(x), condition)
    *_, last = trajectory(process, denoise, model.sampler.solver, times, start, generator=generator)
    return model.codec.decode(last.x)
