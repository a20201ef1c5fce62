"""Keeping the estimate within the data's range.

Paper: https://arxiv.org/abs/2006.11239
"""

from __future__ import annotations

from typing import Generic

from torch import Tensor

from genlab.conditioning.condition import Condition
from genlab.denoisers.estimate import Denoise, E_co


class Clipped(Generic[E_co]):
    """Clamps the estimate of x_0 to [low, high] (Ho et al. 2020, in their samplers; it needs pixels, not codes)."""

    def __init__(self, denoise: Denoise[E_co], low: float, high: float) -> None:
        self.denoise = denoise
        self.low, self.high = low, high

    def __call__(self, x_t: Tensor, t: Tensor, condition: Condition | None = None) -> E_co:
        estimate = self.denoise(x_t, t, condition)
        return estimate.with_x0(estimate.x0.clamp(self.low, self.high))
