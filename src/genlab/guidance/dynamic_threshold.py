"""Keeps strong guidance from saturated pictures.

Paper: https://arxiv.org/abs/2205.11487
"""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from genlab.conditioning.condition import Condition
from genlab.denoisers.estimate import Denoise, Estimate
from genlab.guidance.guidance import Guidance
from genlab.ranges import Fraction, PositiveFloat


@dataclass(frozen=True)
class DynamicThreshold:
    """Clamps each guided estimate to [-s, s] and divides by s / limit, s = max(quantile of |x0|, limit).

    Saharia et al. 2022, "Photorealistic text-to-image ...", section 2.3, where data lie in [-limit, limit].

    Args:
        guidance: whose estimate it is.
        quantile: share of an item's elements that are not clamped.
        limit: the data's own largest magnitude.
    """

    guidance: Guidance
    quantile: Fraction = 0.995
    limit: PositiveFloat = 1.0

    @property
    def needs_null(self) -> bool:
        return getattr(self.guidance, "needs_null", False)

    @property
    def needs_noise(self) -> bool:
        return getattr(self.guidance, "needs_noise", False)

    def __call__(self, denoise: Denoise) -> Denoise:
        guided = self.guidance(denoise)

        def thresholded(x_t: Tensor, t: Tensor, condition: Condition | None = None) -> Estimate:
            estimate = guided(x_t, t, condition)
            x0 = estimate.x0
            s = x0.flatten(1).abs().quantile(self.quantile, dim=1).clamp(min=self.limit)
            s = s.reshape(-1, *[1] * (x0.ndim - 1))
            return estimate.with_x0(x0.clamp(-s, s) * (self.limit / s))

        return thresholded
