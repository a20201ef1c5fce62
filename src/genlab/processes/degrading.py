"""Cold diffusion: what is done to data is not, or not only, to add noise.

Papers: https://arxiv.org/abs/2208.09392, https://arxiv.org/abs/2303.08797
"""

from __future__ import annotations

from typing import Any, Protocol

import torch
from torch import Tensor, nn

from genlab.randomness import Randomness, randn, randn_like
from genlab.ranges import PositiveInt


class Degradation(Protocol):
    """(pictures (batch, channel, height, width), severity in [0, 1], 0-dim or (batch, 1, 1, 1)) -> pictures.

    The identity at severity 0, and continuous. One that also lays something over the picture which the picture does not
    decide has `remainder`: standard normal noise of the pictures' shape -> what is laid over them at severity 1, and
    severity times that at others.
    """

    def __call__(self, x0: Tensor, severity: Tensor) -> Tensor: ...


class Steady:
    """Times from 0 to 1, all alike: a degradation's severity."""

    def at(self, u: Tensor) -> Tensor:
        return u

    def timestep(self, t: Tensor) -> Tensor:
        return 999 * t


class Degrading(nn.Module):
    """x_t = D(x_0, t) + t r (Bansal et al. 2022, "Cold diffusion", section 3); r is the degradation's `remainder` or 0.

    What D leaves of data at t = 1 is where sampling begins: draws from a normal distribution with the mean and the
    covariance of degraded data (they fit a mixture, section 5.2), known after `fit`; and a remainder.

    Without a remainder x_1 decides all that follows: where D leaves nothing, all samples are alike. With one, and D
    linear in x_0, the equation dx = (D'(E[x_0 | x], t) + (x - D(E[x_0 | x], t)) / t) dt leads exactly from the law of
    x_1 to that of the data, whatever the law of r (Albergo et al. 2023, "Stochastic interpolants", section 2);
    `samplers.cold.Cold` is its Euler step.

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
        self.ends.copy_(self.degraded(x0[: len(self.ends)], end))

    def prior(
        self, shape: tuple[int, ...], t: Tensor, generator: Randomness = None, device: torch.device | None = None
    ) -> Tensor:
        """mean + sum_k z_k (end_k - mean) / sqrt(n) + r, z standard normal: of the ends' mean and covariance."""
        mean = self.ends.mean(0)
        z = randn((shape[0], len(self.ends)), generator, device)
        drawn = mean + torch.tensordot(z, self.ends - mean, 1) / len(self.ends) ** 0.5
        return drawn if self._remainder is None else drawn + self._remainder(randn_like(drawn, generator))

    def corrupt(self, x0: Tensor, t: Tensor, noise: Tensor | None = None, generator: Randomness = None) -> Tensor:
        degraded = self.degraded(x0, t)
        if self._remainder is None:
            return degraded
        laid_over = self._remainder(randn_like(x0, generator) if noise is None else noise)
        return degraded + _severity(x0, t) * laid_over

    def kept(self, t: Tensor, s: Tensor) -> Tensor:
        """What share is left at the time s of all that is not the picture's at t; scalars."""
        return torch.ones_like(t) if self._remainder is None else s / t

    @property
    def _remainder(self) -> Any:
        return getattr(self.degradation, "remainder", None)

    def degraded(self, x0: Tensor, t: Tensor) -> Tensor:
        """D(x0, t); `t` is a scalar or (batch,)."""
        return self.degradation(x0, _severity(x0, t))


def _severity(x0: Tensor, t: Tensor) -> Tensor:
    """In a shape that multiplies `x0`."""
    if t.ndim and t.shape != x0.shape[:1]:
        raise ValueError(f"a time of shape {tuple(t.shape)} does not fit a batch of {len(x0)}")
    return t.to(x0.dtype).reshape(-1, 1, 1, 1) if t.ndim else t
