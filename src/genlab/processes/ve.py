"""The variance-exploding diffusion: time is sigma itself.

Papers: https://arxiv.org/abs/1907.05600, https://arxiv.org/abs/2011.13456, https://arxiv.org/abs/2006.09011
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from genlab.processes.schedule import Scales
from genlab.ranges import PositiveFloat


class VE:
    """alpha = 1, sigma = t; the levels that are trained form a geometric series.

    Song & Ermon 2019 (NCSN) and Song et al. 2021, "Score-based generative modeling ...", eq. 31.

    Args:
        sigma_min: the lowest level trained.
        sigma_max: the highest, about the largest distance between two data (Song & Ermon 2020, technique 1).
    """

    def __init__(self, sigma_min: PositiveFloat = 0.01, sigma_max: PositiveFloat = 50.0) -> None:
        check_sigmas(sigma_min, sigma_max)
        self.sigma_min, self.sigma_max = sigma_min, sigma_max

    def __call__(self, t: Tensor) -> Scales:
        return Scales(torch.ones_like(t), t)

    def at(self, u: Tensor) -> Tensor:
        return self.sigma_min * (self.sigma_max / self.sigma_min) ** u

    def timestep(self, t: Tensor) -> Tensor:
        """0 at sigma_min, 999 at sigma_max, even in log(sigma)."""
        return 999 * (t / self.sigma_min).log() / math.log(self.sigma_max / self.sigma_min)

    def time_of(self, level: Tensor) -> Tensor:
        return level


def check_sigmas(sigma_min: float, sigma_max: float) -> None:
    """Raise ValueError unless 0 < sigma_min < sigma_max."""
    if not 0 < sigma_min < sigma_max:
        raise ValueError(
            f"scheduler.sigma_min={sigma_min:g} must be less than scheduler.sigma_max={sigma_max:g}, and both positive"
        )
