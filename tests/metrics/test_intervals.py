"""95 % intervals hold the truth in about 95 % of repetitions, for every way in which they are made."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch

from genlab.metrics.inception_score import inception_score
from genlab.metrics.intervals import Measured, mean_with_interval, share_with_interval
from genlab.metrics.prdc import prdc

REPEATS = 150
BOUNDS = (134, 150)
"""Of 150 repetitions at 95 %: fewer than 134 hold with a chance below one in 400."""


def normal(n: int, dim: int, seed: int) -> torch.Tensor:
    return torch.randn(n, dim, generator=torch.Generator().manual_seed(seed))


def held(measure: Callable[[int], Measured]) -> int:
    """How many intervals hold the mean of all values: the expectation, whatever bias n brings."""
    found = [measure(seed) for seed in range(REPEATS)]
    expected = sum(one.value for one in found) / REPEATS
    return sum(one.low <= expected <= one.high for one in found)


@pytest.mark.parametrize("skewed", [False, True])
def test_of_a_mean(skewed: bool) -> None:
    def measure(seed: int) -> Measured:
        values = normal(200, 1, seed).flatten()
        return mean_with_interval(values.exp() if skewed else values, seed)

    assert BOUNDS[0] <= held(measure) <= BOUNDS[1]


@pytest.mark.parametrize("share", [0.02, 0.3, 0.5, 0.97])
def test_of_a_share_by_the_binomial_distribution_itself(share: float) -> None:
    """No repetitions: the chance of every count, summed over those whose interval holds the share."""
    from scipy.stats import binom

    n, chance = 300, 0.0
    for count in range(n + 1):
        measured = share_with_interval(torch.arange(n) < count)
        if measured.low <= share <= measured.high:
            chance += float(binom.pmf(count, n, share))
    assert 0.93 <= chance <= 0.98


@pytest.mark.parametrize("count", [0, 50])
def test_of_none_and_of_all_the_interval_is_not_a_point(count: int) -> None:
    measured = share_with_interval(torch.arange(50) < count)
    assert measured.high - measured.low > 0.05
    assert measured.low <= measured.value <= measured.high


def test_of_the_inception_score() -> None:
    assert BOUNDS[0] <= held(lambda seed: inception_score(2 * normal(400, 6, seed), splits=4, seed=seed)) <= BOUNDS[1]


@pytest.mark.parametrize("which", ["precision", "recall", "density", "coverage"])
def test_of_precision_to_coverage(which: str) -> None:
    real = normal(150, 3, 10_000)
    measures = [prdc(1.3 * normal(150, 3, seed), real, seed=seed) for seed in range(REPEATS)]
    assert BOUNDS[0] <= held(lambda seed: getattr(measures[seed], which)) <= BOUNDS[1]
