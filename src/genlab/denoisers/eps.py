"""The network predicts the noise, as in DDPM.

Paper: https://arxiv.org/abs/2006.11239
"""

from __future__ import annotations

from genlab.denoisers.parameterization import Coefficients
from genlab.processes.schedule import Scales


class Eps:
    """F = eps, so x0 = (x_t - sigma F) / alpha (Ho et al. 2020, eq. 11). Undefined where alpha is 0."""

    def __call__(self, scales: Scales) -> Coefficients:
        alpha, sigma = scales
        return Coefficients(c_in=(alpha**2 + sigma**2).rsqrt(), c_skip=1 / alpha, c_out=-sigma / alpha)
