"""The network predicts a mixture of data and noise whose target has unit variance at every noise level.

Paper: https://arxiv.org/abs/2206.00364
"""

from __future__ import annotations

from dataclasses import dataclass

from genlab.denoisers.parameterization import Coefficients
from genlab.processes.schedule import Scales
from genlab.ranges import PositiveFloat


@dataclass(frozen=True)
class EDM:
    """Karras et al. 2022, table 1 and appendix B.6, for any alpha.

    Input and target have unit variance if the data have the standard deviation `sigma_data`. The paper's c_noise is
    left to the schedule (`processes.edm.EDM.timestep`).
    """

    sigma_data: PositiveFloat = 0.5

    def __call__(self, scales: Scales) -> Coefficients:
        alpha, sigma = scales
        variance = alpha**2 * self.sigma_data**2 + sigma**2
        return Coefficients(
            c_in=variance.rsqrt(),
            c_skip=alpha * self.sigma_data**2 / variance,
            c_out=sigma * self.sigma_data * variance.rsqrt(),
        )
