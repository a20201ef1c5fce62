"""Cold diffusion: what is done to data adds no noise.

Paper: https://arxiv.org/abs/2208.09392
"""

from __future__ import annotations

from typing import Protocol

import torch
from torch import Tensor, nn

from genlab.randomness import Randomness, randn
from genlab.ranges import PositiveInt


class Degradation(Protocol):
    """(pictures (batch, channel, height, width), severity in [0, 1], 0-dim or (batch, 1, 1, 1)) -> pictures.

    The identity at severity 0, and continuous.
    """

    def __call__(self, x0: Tensor, severity: Tensor) -> Tensor: ...


class Steady:
    """Times from 0 to 1, all alike: a degradation's severity."""

    def at(self, u: Tensor) -> Tensor:
        return u

    def timestep(self, t: Tensor) -> Tensor:
        return 999 * t


class Degrading(nn.Module):
    """x_t = D(x_0, t) (Bansal et al. 2022, "Cold diffusion", section 3).

    What D leaves of data at t = 1 is where sampling begins: draws from a normal distribution with the mean and the
    covariance of degraded data (they fit a mixture, section 5.2), known after `fit`.

    Args:
        degradation: D.
        shape: of one datum, (channel, height, width).
        n_ends: how many degraded data are kept; their covariance is the prior's.
    """

    ends: Tensor
    """(n_ends, *shape); all zero before `fit`."""

    def __init__(self, degradation: Degradation, shape: list[PositiveInt], n_ends: PositiveInt = 256) -> None:
        super().__init__()
        self.degradation = degradation
        self.schedule = Steady()
        self.register_buffer("ends", torch.zeros(n_ends, *shape))

    @torch.no_grad()
    def fit(self, x0: Tensor) -> None:
        """Learn the prior from data (n_ends or more, *shape)."""
        if len(x0) < len(self.ends):
            raise ValueError(f"the prior of a degradation needs {len(self.ends)} data, got {len(x0)}: lower n_ends")
        end = self.schedule.at(torch.ones((), dtype=torch.float64))
        self.ends.copy_(self.corrupt(x0[: len(self.ends)], end))

    def prior(
        self, shape: tuple[int, ...], t: Tensor, generator: Randomness = None, device: torch.device | None = None
    ) -> Tensor:
        """mean + sum_k z_k (end_k - mean) / sqrt(n), z standard normal: of the ends' mean and covariance."""
        mean = self.ends.mean(0)
        z = randn((shape[0], len(self.ends)), generator, device)
        return mean + torch.tensordot(z, self.ends - mean, 1) / len(self.ends) ** 0.5

    def corrupt(self, x0: Tensor, t: Tensor, noise: Tensor | None = None, generator: Randomness = None) -> Tensor:
        if t.ndim and t.shape != x0.shape[:1]:
            raise ValueError(f"a time of shape {tuple(t.shape)} does not fit a batch of {len(x0)}")
        return self.degradation(x0, t.to(x0.dtype).reshape(-1, 1, 1, 1) if t.ndim else t)
