"""A denoiser that is the identity at the lowest noise level.

Paper: https://arxiv.org/abs/2303.01469
"""

from __future__ import annotations

from dataclasses import dataclass

from genlab.denoisers.parameterization import Coefficients
from genlab.processes.schedule import Scales
from genlab.ranges import NonNegativeFloat, PositiveFloat


@dataclass(frozen=True)
class Consistency:
    """f(x, sigma_min) = x whatever the network says (Song et al. 2023, "Consistency models", appendix C).

    For schedules with alpha = 1. `sigma_min` is the schedule's, `sigma_data` the standard deviation of the data.
    """

    sigma_data: PositiveFloat = 0.5
    sigma_min: NonNegativeFloat = 0.002

    def __call__(self, scales: Scales) -> Coefficients:
        sigma = scales.sigma
        above = sigma - self.sigma_min
        scale = (sigma**2 + self.sigma_data**2).rsqrt()
        return Coefficients(
            c_in=scale,
            c_skip=self.sigma_data**2 / (above**2 + self.sigma_data**2),
            c_out=above * self.sigma_data * scale,
        )
