"""Betas whose square roots grow linearly, as in latent diffusion.

Paper: https://arxiv.org/abs/2112.10752
"""

from __future__ import annotations

import torch

from genlab.processes.discrete import Discrete, check_betas
from genlab.ranges import Fraction, PositiveInt


class ScaledLinear(Discrete):
    """T betas, their square roots at equal distances (Rombach et al. 2022, "High-resolution image synthesis ...")."""

    def __init__(
        self, beta_start: Fraction = 0.00085, beta_end: Fraction = 0.012, train_timesteps: PositiveInt = 1000
    ) -> None:
        check_betas(beta_start, beta_end)
        roots = torch.linspace(beta_start**0.5, beta_end**0.5, train_timesteps, dtype=torch.float64)
        super().__init__(roots**2)
