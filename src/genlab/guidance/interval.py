"""Guidance at some noise levels and not at others.

Paper: https://arxiv.org/abs/2404.07724
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from genlab.conditioning.condition import Condition
from genlab.denoisers.estimate import Denoise, Estimate
from genlab.guidance.guidance import Guidance
from genlab.ranges import NonNegativeFloat


@dataclass(frozen=True)
class Interval:
    """`guidance` at times in (low, high], the model as it is elsewhere (Kynkäänniemi et al. 2024, eq. 6).

    Args:
        guidance: any other.
        low, high: in the schedule's own time: a fraction of the steps, or sigma where time is sigma.
    """

    guidance: Guidance
    low: NonNegativeFloat = 0.0
    high: NonNegativeFloat = 1.0

    def __post_init__(self) -> None:
        if not self.low < self.high:
            raise ValueError(f"guidance.low={self.low:g} must be less than guidance.high={self.high:g}")

    @property
    def needs_null(self) -> bool:
        return getattr(self.guidance, "needs_null", False)

    @property
    def needs_noise(self) -> bool:
        return getattr(self.guidance, "needs_noise", False)

    def __call__(self, denoise: Denoise) -> Denoise:
        guided = self.guidance(denoise)

        def sometimes(x_t: Tensor, t: Tensor, condition: Condition | None = None) -> Estimate:
            if t.ndim == 0:
                return (guided if self.low < t <= self.high else denoise)(x_t, t, condition)
            plain = denoise(x_t, t, condition)
            inside = ((t > self.low) & (t <= self.high)).reshape(-1, *[1] * (plain.x0.ndim - 1))
            return plain.with_x0(torch.where(inside, guided(x_t, t, condition).x0, plain.x0))

        return sometimes
