"""Three ways to learn the gradient of a log-density without knowing the density.

Paper: https://arxiv.org/abs/1905.07088
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from genlab.randomness import Randomness, randn_like
from genlab.ranges import PositiveFloat, PositiveInt

Score = Callable[[Tensor], Tensor]
"""x (batch, ...) -> an estimate of the gradient of log p, of its shape."""


class ScoreMatching(Protocol):
    """Its expectation is least where the score is that of the data (`Denoising`: of data with noise)."""

    def __call__(self, score: Score, x: Tensor, generator: Randomness = None) -> Tensor:
        """(batch,)"""
        ...


@dataclass(frozen=True)
class Exact:
    """|s|**2 / 2 + trace of ds/dx (Hyvarinen 2005, theorem 1): one backward pass for each dimension."""

    def __call__(self, score: Score, x: Tensor, generator: Randomness = None) -> Tensor:
        with torch.enable_grad():
            x = x.detach().requires_grad_()
            s = score(x).flatten(1)
            rows = [torch.autograd.grad(s[:, i].sum(), x, create_graph=True)[0] for i in range(s.shape[1])]
            trace = sum(row.flatten(1)[:, i] for i, row in enumerate(rows))
            return s.square().sum(1) / 2 + trace


@dataclass(frozen=True)
class Sliced:
    """|s|**2 / 2 + v^T ds/dx v for random v (Song et al. 2019, "Sliced score matching", eq. 8): one pass for each v.

    Args:
        slices: random directions for each item.
    """

    slices: PositiveInt = 1

    def __call__(self, score: Score, x: Tensor, generator: Randomness = None) -> Tensor:
        with torch.enable_grad():
            x = x.detach().requires_grad_()
            s = score(x)
            curvature = torch.zeros(len(x), dtype=x.dtype, device=x.device)
            for _ in range(self.slices):
                v = randn_like(x, generator)
                (row,) = torch.autograd.grad((s * v).sum(), x, create_graph=True)
                curvature = curvature + (row * v).flatten(1).sum(1) / self.slices
            return s.flatten(1).square().sum(1) / 2 + curvature


@dataclass(frozen=True)
class Denoising:
    """sigma**2 |s(x + sigma eps) + eps / sigma|**2 / 2 (Vincent 2011, eq. 9), the factor keeping it of size 1.

    Args:
        sigma: of the noise; the score learnt is that of data with so much noise.
    """

    sigma: PositiveFloat = 0.01

    def __call__(self, score: Score, x: Tensor, generator: Randomness = None) -> Tensor:
        eps = randn_like(x, generator)
        return (self.sigma * score(x + self.sigma * eps) + eps).flatten(1).square().sum(1) / 2
