"""EDM's noise: time is sigma, and its levels crowd near the data.

Paper: https://arxiv.org/abs/2206.00364
"""

from __future__ import annotations

import torch
from torch import Tensor

from genlab.processes.schedule import Scales
from genlab.processes.ve import check_sigmas
from genlab.ranges import PositiveFloat


class EDM:
    """alpha = 1, sigma = t; `at` is even in sigma**(1 / rho) (Karras et al. 2022, eq. 5)."""

    def __init__(
        self, sigma_min: PositiveFloat = 0.002, sigma_max: PositiveFloat = 80.0, rho: PositiveFloat = 7.0
    ) -> None:
        check_sigmas(sigma_min, sigma_max)
        self.sigma_min, self.sigma_max, self.rho = sigma_min, sigma_max, rho

    def __call__(self, t: Tensor) -> Scales:
        return Scales(torch.ones_like(t), t)

    def at(self, u: Tensor) -> Tensor:
        low, high = self.sigma_min ** (1 / self.rho), self.sigma_max ** (1 / self.rho)
        return (low + u * (high - low)) ** self.rho

    def timestep(self, t: Tensor) -> Tensor:
        """250 log(sigma): the paper's c_noise times 1000, as embeddings of step numbers expect."""
        return 250 * t.log()

    def time_of(self, level: Tensor) -> Tensor:
        return level
