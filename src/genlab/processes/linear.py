"""Betas that grow linearly, as in DDPM.

Paper: https://arxiv.org/abs/2006.11239
"""

from __future__ import annotations

import torch

from genlab.processes.discrete import Discrete, check_betas
from genlab.ranges import Fraction, PositiveInt


class Linear(Discrete):
    """T betas at equal distances from `beta_start` to `beta_end` (Ho et al. 2020, section 4)."""

    def __init__(
        self, beta_start: Fraction = 1e-4, beta_end: Fraction = 0.02, train_timesteps: PositiveInt = 1000
    ) -> None:
        check_betas(beta_start, beta_end)
        super().__init__(torch.linspace(beta_start, beta_end, train_timesteps, dtype=torch.float64))
