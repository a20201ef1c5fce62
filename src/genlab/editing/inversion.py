"""From pictures to the noise they come from, and back."""

from __future__ import annotations

from torch import Tensor

from genlab.editing.editable import Editable
from genlab.protocols import Conditions
from genlab.solvers.ancestral import Ancestral
from genlab.solvers.inversion import Inversion
from genlab.solvers.trajectory import trajectory


def invert(model: Editable, x: Tensor, condition: Conditions = None, iterations: int = 10) -> Tensor:
    """The noise, as the denoiser sees it, from which `generate` makes `x` (n, ...), on the model's sampler's times.

    With many iterations the way back is exact; with 1 it is DDIM's customary inversion.
    """
    process = model.denoiser.process
    times = model.sampler.times(process.schedule).flip(0)
    denoise = model.bound(len(x), condition, clipped=False)
    *_, last = trajectory(process, denoise, Inversion(iterations), times, model.codec.encode(x))
    return last.x


def generate(model: Editable, noise: Tensor, condition: Conditions = None) -> Tensor:
    """What DDIM makes of `noise` (n, ...), as `invert` returns it; another condition makes another picture."""
    process = model.denoiser.process
    times = model.sampler.times(process.schedule)
    denoise = model.bound(len(noise), condition, clipped=False)
    *_, last = trajectory(process, denoise, Ancestral(0.0), times, noise)
    return model.codec.decode(last.x)
