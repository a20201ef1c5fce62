"""Betas that rise along a sigmoid.

Paper: https://arxiv.org/abs/2203.02923
"""

from __future__ import annotations

import torch

from genlab.processes.discrete import Discrete, check_betas
from genlab.ranges import Fraction, PositiveFloat, PositiveInt


class Sigmoid(Discrete):
    """beta_i = beta_start + (beta_end - beta_start) sigmoid(z_i), z from -width to width (GeoDiff, Xu et al. 2022).

    Gentle at both ends: the first and the last betas hardly change.
    """

    def __init__(
        self,
        beta_start: Fraction = 1e-4,
        beta_end: Fraction = 0.02,
        train_timesteps: PositiveInt = 1000,
        width: PositiveFloat = 6.0,
    ) -> None:
        check_betas(beta_start, beta_end)
        z = torch.linspace(-width, width, train_timesteps, dtype=torch.float64)
        super().__init__(beta_start + (beta_end - beta_start) * z.sigmoid())
