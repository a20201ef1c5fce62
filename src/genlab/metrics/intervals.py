"""95 % intervals from values that are already there.

Most are by the bootstrap (Efron 1979): the spread of a metric over resampled items.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from genlab.randomness import fold_in

RESAMPLES = 200
LEVEL = 0.95
Z = 1.959964
"""The normal quantile of LEVEL."""


class Measured(NamedTuple):
    """A value and its 95 % interval."""

    value: float
    low: float
    high: float


def resampling_weights(n: int, seed: int, resamples: int = RESAMPLES) -> Tensor:
    """(resamples, n) float64: how often each of `n` items is drawn when n items are drawn with replacement."""
    generator = torch.Generator().manual_seed(fold_in(seed, "bootstrap"))
    weights = torch.zeros(resamples, n, dtype=torch.float64)
    for row in weights:  # one row at a time: torch.bincount has no batch
        row += torch.bincount(torch.randint(n, (n,), generator=generator), minlength=n)
    return weights


def interval_about(value: float, replicates: Tensor) -> tuple[float, float]:
    """The 95 % interval of `value` from its bootstrap replicates (resamples,).

    The replicates' quantiles are moved by value - mean(replicates): a statistic biased in n (FID, Inception Score)
    has that bias twice in its replicates, and unmoved quantiles would then not even hold the value.
    """
    tail = (1 - LEVEL) / 2
    spread = replicates.double() - replicates.double().mean()
    low, high = spread.quantile(torch.tensor([tail, 1 - tail], dtype=torch.float64)).tolist()
    return value + low, value + high


def mean_with_interval(values: Tensor, seed: int) -> Measured:
    """The mean of per-item values (n,), n >= 1."""
    values = values.double()
    mean = values.mean().item()
    low, high = interval_about(mean, resampling_weights(len(values), seed) @ values / len(values))
    return Measured(mean, low, high)


def mean_pair_error(mean_to_others: Tensor) -> float:
    """The standard error of a mean over all pairs of n items, from each item's mean over its pairs (n,), n >= 2.

    Hoeffding's first term: every item is in 2 / n of the pairs.
    """
    return 2 * (mean_to_others.double().var() / len(mean_to_others)).sqrt().item()


def normal_interval(value: float, standard_error: float) -> tuple[float, float]:
    """value -+ 1.96 standard errors."""
    return value - Z * standard_error, value + Z * standard_error


def share_with_interval(hits: Tensor) -> Measured:
    """The share of the true among `hits` (n,): Wilson's interval (1927), which is right at 0 and 1 too."""
    n = len(hits)
    share = hits.double().mean().item()
    centre = (share + Z**2 / (2 * n)) / (1 + Z**2 / n)
    half = Z / (1 + Z**2 / n) * (share * (1 - share) / n + Z**2 / (4 * n**2)) ** 0.5
    return Measured(share, max(0.0, min(share, centre - half)), min(1.0, max(share, centre + half)))
