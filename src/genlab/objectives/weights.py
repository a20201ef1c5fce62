"""What the error at each noise level counts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from genlab.config.ranges import NonNegativeFloat, PositiveFloat
from genlab.denoisers.parameterization import Coefficients
from genlab.processes.schedule import Scales


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

    bias: float = -3.0

    def __call__(self, scales: Scales, coefficients: Coefficients) -> Tensor:
        return _of_x0(_snr(scales) * (self.bias - scales.log_snr).sigmoid(), coefficients)
