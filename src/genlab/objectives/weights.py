"""What the error at each noise level counts.

Papers: https://arxiv.org/abs/2303.09556, https://arxiv.org/abs/2204.00227, https://arxiv.org/abs/2206.00364,
https://arxiv.org/abs/2410.19324, https://arxiv.org/abs/2107.00630, https://arxiv.org/abs/2101.09258
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor, nn

from genlab.denoisers.parameterization import Coefficients
from genlab.processes.discrete import Discrete
from genlab.processes.schedule import Scales, Schedule
from genlab.ranges import AnyFloat, NonNegativeFloat, PositiveFloat, PositiveInt


class Weight(Protocol):
    """The factor of |F - F*|**2, the squared error of the network's own output, at each noise level."""

    def __call__(self, scales: Scales, coefficients: Coefficients) -> Tensor:
        """Of the scales' shape. The error of x0 is c_out times that of F, and that of eps is alpha/sigma times x0's."""
        ...


@dataclass(frozen=True)
class Unit:
    """1: the network's own target at every noise level alike."""

    def __call__(self, scales: Scales, coefficients: Coefficients) -> Tensor:
        return torch.ones_like(scales.sigma)


def _of_x0(weight: Tensor, coefficients: Coefficients) -> Tensor:
    """The weight of F's squared error where `weight` is that of x0's."""
    return weight * coefficients.c_out**2


def _snr(scales: Scales) -> Tensor:
    return scales.alpha**2 / scales.sigma**2


@dataclass(frozen=True)
class MinSNR:
    """min(snr, gamma) |x0 - x0*|**2 (Hang et al. 2023, min-SNR weighting, eq. 8)."""

    gamma: PositiveFloat = 5.0

    def __call__(self, scales: Scales, coefficients: Coefficients) -> Tensor:
        return _of_x0(_snr(scales).clamp(max=self.gamma), coefficients)


@dataclass(frozen=True)
class P2:
    """|eps - eps*|**2 / (k + snr)**gamma: less for noise that cannot be seen (Choi et al. 2022, eq. 8)."""

    k: PositiveFloat = 1.0
    gamma: NonNegativeFloat = 1.0

    def __call__(self, scales: Scales, coefficients: Coefficients) -> Tensor:
        snr = _snr(scales)
        return _of_x0(snr / (self.k + snr) ** self.gamma, coefficients)


@dataclass(frozen=True)
class EDM:
    """(level**2 + d**2) / (level d)**2 |x0 - x0*|**2, level = sigma / alpha (Karras et al. 2022).

    With the parameterization of EDM and alpha = 1 it is `Unit`.
    """

    sigma_data: PositiveFloat = 0.5

    def __call__(self, scales: Scales, coefficients: Coefficients) -> Tensor:
        return _of_x0(_snr(scales) + self.sigma_data**-2, coefficients)


@dataclass(frozen=True)
class Sigmoid:
    """sigmoid(bias - log snr) |eps - eps*|**2 (Hoogeboom et al. 2024, with bias -3)."""

    bias: AnyFloat = -3.0

    def __call__(self, scales: Scales, coefficients: Coefficients) -> Tensor:
        return _of_x0(_snr(scales) * (self.bias - scales.log_snr).sigmoid(), coefficients)


class Likelihood(nn.Module):
    """-1/2 d(log snr)/du |eps - eps*|**2: the variational bound, in nats per element, where times are even in u.

    Kingma et al. 2021, "Variational diffusion models", eq. 17; the g(t)**2 of Song et al. 2021, "Maximum likelihood
    training of score-based diffusion models", eq. 8, is the same, for any schedule. The derivative is read off a table
    of the schedule; within half a part of the ends, where it may be infinite, it is that half a part away.

    Args:
        schedule: the process's own.
        parts: of the table, where time is continuous; discrete steps are one each.
    """

    rising: Tensor
    slope: Tensor
    """(parts,): -log snr, and its derivative."""

    def __init__(self, schedule: Schedule, parts: PositiveInt = 1000) -> None:
        super().__init__()
        n = schedule.n_steps if isinstance(schedule, Discrete) else parts
        u = (torch.arange(n, dtype=torch.float64) + 0.5) / n
        rising = (-schedule(schedule.at(u)).log_snr).clamp(max=40)
        (slope,) = torch.gradient(rising, spacing=1 / n)
        self.register_buffer("rising", rising.float(), persistent=False)
        self.register_buffer("slope", slope.float(), persistent=False)

    def forward(self, scales: Scales, coefficients: Coefficients) -> Tensor:
        here = -scales.log_snr.float().contiguous()
        above = torch.searchsorted(self.rising, here).clamp(1, len(self.rising) - 1)
        low, high = self.rising[above - 1], self.rising[above]
        share = ((here - low) / (high - low).clamp(min=1e-12)).clamp(0, 1)
        rate = torch.lerp(self.slope[above - 1], self.slope[above], share)
        return _of_x0(_snr(scales) * rate / 2, coefficients)
