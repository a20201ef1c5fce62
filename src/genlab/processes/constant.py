"""Equal betas.

Paper: https://arxiv.org/abs/1503.03585
"""

from __future__ import annotations

import torch

from genlab.processes.discrete import Discrete
from genlab.ranges import Fraction, PositiveInt


class Constant(Discrete):
    """T times the same beta: alpha_bar = (1 - beta)**i (Sohl-Dickstein et al. 2015, who learn it)."""

    def __init__(self, beta: Fraction = 0.035, train_timesteps: PositiveInt = 100) -> None:
        super().__init__(torch.full((train_timesteps,), beta, dtype=torch.float64))
