"""The variance-preserving diffusion in continuous time.

Paper: https://arxiv.org/abs/2011.13456
"""

from __future__ import annotations

import torch
from torch import Tensor

from genlab.processes.schedule import Scales
from genlab.ranges import Fraction, NonNegativeFloat, PositiveFloat


class VP:
    """beta(t) = beta_min + t (beta_max - beta_min), alpha = exp(-1/2 integral of beta), t in [0, 1].

    Song et al. 2021, "Score-based generative modeling ...", eq. 33: the limit of `Linear` for many steps.

    Args:
        beta_min, beta_max: T times the first and last beta of T small steps.
        t_min: the earliest time that is trained, since the noise vanishes at 0.
    """

    def __init__(
        self, beta_min: NonNegativeFloat = 0.1, beta_max: PositiveFloat = 20.0, t_min: Fraction = 1e-3
    ) -> None:
        if not beta_min < beta_max:
            raise ValueError(f"scheduler.beta_min={beta_min:g} must be less than scheduler.beta_max={beta_max:g}")
        self.beta_min, self.beta_max, self.t_min = beta_min, beta_max, t_min

    def __call__(self, t: Tensor) -> Scales:
        integral = t * self.beta_min + t**2 * ((self.beta_max - self.beta_min) / 2)
        return Scales((-integral / 2).exp(), (-(-integral).expm1()).sqrt())

    def at(self, u: Tensor) -> Tensor:
        return self.t_min + (1 - self.t_min) * u

    def timestep(self, t: Tensor) -> Tensor:
        """999 t, as its authors."""
        return 999 * t

    def time_of(self, level: Tensor) -> Tensor:
        integral, slope = torch.log1p(level**2), self.beta_max - self.beta_min
        return 2 * integral / (self.beta_min + (self.beta_min**2 + 2 * slope * integral).sqrt())
