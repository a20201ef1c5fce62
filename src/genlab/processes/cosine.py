"""The discrete cosine schedule of improved DDPM.

Paper: https://arxiv.org/abs/2102.09672
"""

from __future__ import annotations

import math

import torch

from genlab.processes.discrete import Discrete
from genlab.ranges import Fraction, NonNegativeFloat, PositiveInt


class Cosine(Discrete):
    """alpha_bar(u) = f(u) / f(0), f(u) = cos(pi/2 (u + offset) / (1 + offset))**2 (Nichol & Dhariwal 2021, eq. 17).

    Args:
        train_timesteps: T.
        offset: keeps the first steps from adding next to no noise.
        max_beta: what a beta is cut to, since the last one would be 1.
    """

    def __init__(
        self, train_timesteps: PositiveInt = 1000, offset: NonNegativeFloat = 0.008, max_beta: Fraction = 0.999
    ) -> None:
        u = torch.linspace(0, 1, train_timesteps + 1, dtype=torch.float64)
        f = ((u + offset) / (1 + offset) * (math.pi / 2)).cos() ** 2
        super().__init__((1 - f[1:] / f[:-1]).clamp(max=max_beta))
