"""Penalties on the slope of a discriminator, which keep it smooth, so that the generator can follow it.

Each is given `score`, the discriminator as a function of data, and is a scalar without its weight. One that has an
`interval` above 1 is lazy (https://arxiv.org/abs/1912.04958, section 3.1): it is computed in every so many-th batch and
counts so many times there, which leaves its mean gradient as it is.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import torch
from torch import Tensor

from genlab.ranges import NonNegativeFloat, PositiveFloat, PositiveInt

Score = Callable[[Tensor], Tensor]
"""Data (batch, ...) -> scores, the first dimension that of the data."""


class Penalty(Protocol):
    """What a discriminator minimises beside its loss."""

    weight: float
    interval: int

    def __call__(self, score: Score, real: Tensor, fake: Tensor) -> Tensor:
        """The penalty without its weight, a scalar; `real` and `fake` have one shape and no gradient."""
        ...


class GradientPenalty:
    """(|slope| - target)^2 on the lines between real and generated data, of WGAN-GP (algorithm 1).

    Paper: https://arxiv.org/abs/1704.00028

    Args:
        weight: lambda of the paper.
        target: the slope that is not penalised, of the score by the Euclidean distance.
        interval: see the module.
    """

    def __init__(
        self, weight: PositiveFloat = 10.0, target: NonNegativeFloat = 1.0, interval: PositiveInt = 1
    ) -> None:  # fmt: skip
        self.weight, self.target, self.interval = weight, target, interval

    def __call__(self, score: Score, real: Tensor, fake: Tensor) -> Tensor:
        share = torch.rand(len(real), *[1] * (real.ndim - 1), dtype=real.dtype, device=real.device)
        return (_slopes(score, torch.lerp(fake, real, share)).norm(dim=1) - self.target).square().mean()


class _ZeroCentred:
    """Half the squared slope, on data that the class chooses.

    Args:
        weight: gamma of the paper.
        interval: see the module.
    """

    def __init__(self, weight: PositiveFloat = 1.0, interval: PositiveInt = 1) -> None:
        self.weight, self.interval = weight, interval


class R1(_ZeroCentred):
    """Half the squared slope at real data (Mescheder et al. 2018, equation 9), whose weight is gamma.

    Paper: https://arxiv.org/abs/1801.04406
    """

    def __call__(self, score: Score, real: Tensor, fake: Tensor) -> Tensor:
        return 0.5 * _slopes(score, real).square().sum(1).mean()


class R2(_ZeroCentred):
    """Half the squared slope at generated data (Mescheder et al. 2018, equation 10), whose weight is gamma.

    Paper: https://arxiv.org/abs/1801.04406
    """

    def __call__(self, score: Score, real: Tensor, fake: Tensor) -> Tensor:
        return 0.5 * _slopes(score, fake).square().sum(1).mean()


def _slopes(score: Score, x: Tensor) -> Tensor:
    """(batch, numbers of a datum): the gradient of the score of each datum, which can be differentiated again."""
    x = x.detach().requires_grad_(True)
    (slopes,) = torch.autograd.grad(score(x).sum(), x, create_graph=True)
    return slopes.flatten(1)
