"""Keeping the estimate within the data's range.

Paper: https://arxiv.org/abs/2006.11239
"""

from __future__ import annotations

from torch import Tensor

from genlab.conditioning.condition import Condition
from genlab.denoisers.prediction import Denoise, Prediction


class Clipped:
    """Clamps the estimate of x_0 to [low, high] (Ho et al. 2020, in their samplers; it needs pixels, not codes)."""

    def __init__(self, denoise: Denoise, low: float, high: float) -> None:
        self.denoise = denoise
        self.low, self.high = low, high

    def __call__(self, x_t: Tensor, t: Tensor, condition: Condition | None = None) -> Prediction:
        prediction = self.denoise(x_t, t, condition)
        return prediction.with_x0(prediction.x0.clamp(self.low, self.high))
