"""Pictures lose their detail as if it were heat.

Paper: https://arxiv.org/abs/2206.13397
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from genlab.ranges import PositiveFloat


@dataclass(frozen=True)
class Blur:
    """Gaussian blur of standard deviation sigma_max * severity pixels, nothing flowing over the border.

    Each cosine wave of the picture is damped by exp(-(frequency sigma)**2 / 2), which solves the heat equation
    (Rissanen et al. 2023, "Generative modelling with inverse heat dissipation", eq. 4); the mean brightness stays.
    """

    sigma_max: PositiveFloat = 4.0

    def __call__(self, x0: Tensor, severity: Tensor) -> Tensor:
        rows, columns = (_cosines(n, x0) for n in x0.shape[-2:])
        squared = _frequencies(x0.shape[-2], x0)[:, None] ** 2 + _frequencies(x0.shape[-1], x0) ** 2
        damping = (-squared * (self.sigma_max * severity) ** 2 / 2).exp()
        return rows.T @ (damping * (rows @ x0 @ columns.T)) @ columns


def _frequencies(n: int, like: Tensor) -> Tensor:
    """(n,) radians a pixel."""
    return torch.arange(n, dtype=like.dtype, device=like.device) * (math.pi / n)


def _cosines(n: int, like: Tensor) -> Tensor:
    """(n, n), orthonormal: the discrete cosine transform (of type 2)."""
    middles = torch.arange(n, dtype=like.dtype, device=like.device) + 0.5
    waves = (_frequencies(n, like)[:, None] * middles).cos() * (2 / n) ** 0.5
    waves[0] *= 0.5**0.5
    return waves
