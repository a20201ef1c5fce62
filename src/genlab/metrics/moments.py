"""Mean and covariance of features, in float64 and in blocks, so that 50,000 items cost no second copy."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

_BLOCK = 2048


class Moments(NamedTuple):
    """What a Frechet distance keeps of a set of features."""

    mean: Tensor
    """(d,) float64."""

    covariance: Tensor
    """(d, d) float64, unbiased (divided by n - 1)."""


def moments(features: Tensor) -> Moments:
    """Moments of `features` (n, d), n >= 2. Raises ValueError when a feature is not finite."""
    n, dim = features.shape
    if n < 2:
        raise ValueError(f"a covariance needs at least 2 items; there are {n}")
    mean = torch.zeros(dim, dtype=torch.float64)
    for block in features.split(_BLOCK):
        mean += block.double().sum(0)
    mean /= n
    require_finite(mean)  # before any eigenvalue: LAPACK ends the process on not-a-number
    scatter = torch.zeros(dim, dim, dtype=torch.float64)
    for block in features.split(_BLOCK):
        centred = block.double() - mean
        scatter.addmm_(centred.T, centred)
    return Moments(mean, scatter / (n - 1))


def require_finite(values: Tensor) -> None:
    """Raises ValueError when `values` hold infinity or not-a-number."""
    if not torch.isfinite(values).all():
        raise ValueError("the features hold infinities or not-a-numbers: the extractor's weights are broken")
