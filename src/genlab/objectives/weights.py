"""What the error at each noise level counts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

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
