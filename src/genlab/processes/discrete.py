"""Schedules that are a table: T steps of noise, each with its beta.

Paper: https://arxiv.org/abs/2006.11239
"""

from __future__ import annotations

import torch
from torch import Tensor

from genlab.processes.schedule import Scales


class Discrete:
    """A variance-preserving schedule from its T betas (Ho et al. 2020, "DDPM", eq. 4).

    alpha_bar_i = prod_{j <= i} (1 - beta_j), alpha = sqrt(alpha_bar), sigma = sqrt(1 - alpha_bar). Step i of
    0, ..., T - 1 is at time (i + 1) / T, and time 0 is the data itself.

    Args:
        betas: (T,) variances that the steps add, each in (0, 1); kept in float64.
    """

    def __init__(self, betas: Tensor) -> None:
        self.alpha_bar = torch.cat([betas.new_ones(1), (1 - betas).cumprod(0)]).double()  # (T + 1,)
        self._tables: dict[tuple[torch.device, torch.dtype], Scales] = {}

    @property
    def n_steps(self) -> int:
        """T, the number of training steps of noise."""
        return len(self.alpha_bar) - 1

    def __call__(self, t: Tensor) -> Scales:
        alpha, sigma = self._table(t.device, t.dtype)
        index = (t * self.n_steps).round().long()
        return Scales(alpha.take(index), sigma.take(index))  # indexing with a scalar would wait for the device

    def _table(self, device: torch.device, dtype: torch.dtype) -> Scales:
        """The square roots on a device, copied there once; they are taken in float64."""
        if (device, dtype) not in self._tables:
            roots = self.alpha_bar.sqrt(), (1 - self.alpha_bar).sqrt()
            self._tables[device, dtype] = Scales(*(root.to(dtype).to(device) for root in roots))
        return self._tables[device, dtype]

    def at(self, u: Tensor) -> Tensor:
        return (u * self.n_steps).ceil().clamp(min=1) / self.n_steps

    def timestep(self, t: Tensor) -> Tensor:
        """The step number i = t T - 1; -1 for the data itself."""
        return (t * self.n_steps).round() - 1

    def time_of(self, level: Tensor) -> Tensor:
        levels = ((1 - self.alpha_bar[1:]) / self.alpha_bar[1:].clamp(min=1e-30)).sqrt().log().to(level.device)
        above = torch.searchsorted(levels, level.double().log().contiguous()).clamp(1, self.n_steps - 1)
        nearer_below = level.log() - levels[above - 1] < levels[above] - level.log()
        return ((above - nearer_below.long() + 1) / self.n_steps).to(level.dtype)


def check_betas(beta_start: float, beta_end: float) -> None:
    """Raise ValueError unless 0 < beta_start <= beta_end < 1."""
    if not 0 < beta_start <= beta_end < 1:
        raise ValueError(
            f"scheduler.beta_start={beta_start:g} and scheduler.beta_end={beta_end:g}: "
            "beta_start must not exceed beta_end, and both lie in (0, 1)"
        )
