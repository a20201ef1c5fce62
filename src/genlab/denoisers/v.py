"""The network predicts v, which is well defined at both ends of the noise.

Paper: https://arxiv.org/abs/2202.00512
"""

from __future__ import annotations

from genlab.denoisers.parameterization import Coefficients
from genlab.processes.schedule import Scales


class V:
    """F = (alpha eps - sigma x0) / sqrt(alpha**2 + sigma**2) (Salimans & Ho 2022, appendix D).

    Their v where the schedule preserves variance; the root makes it hold for any schedule.
    """

    def __call__(self, scales: Scales) -> Coefficients:
        alpha, sigma = scales
        norm = alpha**2 + sigma**2
        return Coefficients(c_in=norm.rsqrt(), c_skip=alpha / norm, c_out=-sigma * norm.rsqrt())
