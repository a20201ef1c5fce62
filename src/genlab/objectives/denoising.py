"""The regression that trains a denoiser."""

from __future__ import annotations

from typing import Any, Protocol

from torch import Tensor

from genlab.conditioning.condition import Condition
from genlab.denoisers.denoiser import Denoiser
from genlab.objectives.times import TimeDistribution
from genlab.objectives.weights import Weight
from genlab.randomness import Randomness, randn_like


class Objective(Protocol):
    """What a diffusion model minimises; each objective trains a kind of denoiser."""

    def __call__(
        self, denoiser: Any, x0: Tensor, condition: Condition | None = None, generator: Randomness = None
    ) -> dict[str, Tensor]:
        """Scalars; "loss" is minimised."""
        ...


class Denoising:
    """Mean over data and times of w |F - F*|**2, per element, F* being the network's target.

    With `weights.Unit` and the parameterization `Eps` this is DDPM's L_simple (Ho et al. 2020, eq. 14).

    Args:
        times: which times are drawn.
        weight: what the squared error at a time counts.
    """

    def __init__(self, times: TimeDistribution, weight: Weight) -> None:
        self.times = times
        self.weight = weight

    def __call__(
        self, denoiser: Denoiser, x0: Tensor, condition: Condition | None = None, generator: Randomness = None
    ) -> dict[str, Tensor]:
        process = denoiser.process
        t = self.times(len(x0), process.schedule, generator, x0.device)
        eps = randn_like(x0, generator)
        scales = process.scales(x0, t)
        c = denoiser.parameterization(scales)
        x_t = process.corrupt(x0, t, eps)
        error = denoiser.output(x_t, t, c, condition) - c.target(x0, eps, scales)
        return {"loss": (self.weight(scales, c) * error**2).mean()}
