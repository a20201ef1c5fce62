"""The network predicts the velocity of the straight path.

Paper: https://arxiv.org/abs/2209.03003
"""

from __future__ import annotations

import torch

from genlab.denoisers.parameterization import Coefficients
from genlab.processes.schedule import Scales


class Velocity:
    """F = eps - x0 (Liu et al. 2022, "Flow straight and fast", eq. 1), so x0 = (x_t - sigma F) / (alpha + sigma)."""

    def __call__(self, scales: Scales) -> Coefficients:
        alpha, sigma = scales
        total = alpha + sigma
        return Coefficients(c_in=torch.ones_like(alpha), c_skip=1 / total, c_out=-sigma / total)
