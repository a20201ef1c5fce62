"""The jackknife takes the bias in n off the Frechet distance."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from genlab.metrics.fid_jackknife import FIDJackknife, jackknife
from genlab.metrics.frechet import DistanceTo, frechet_distance
from genlab.metrics.moments import Moments, moments
from genlab.metrics.subset_distances import subset_distances


def standard(dim: int) -> Moments:
    return Moments(torch.zeros(dim).double(), torch.eye(dim).double())


def test_removes_the_bias_and_its_intervals_hold_the_true_distance() -> None:
    """40 repetitions of 95 %: fewer than 34 that hold have a chance of one in 100."""
    dim, n = 10, 200
    truth, found, plain = dim * (1.2 - 1) ** 2, [], []
    for seed in range(40):
        items = 1.2 * torch.randn(n, dim, generator=torch.Generator().manual_seed(seed))
        plain.append(frechet_distance(moments(items), standard(dim)))
        found.append(jackknife(items, DistanceTo(standard(dim)), plain[-1], 10, seed))
    error = np.std([one.value for one in found]) / 40**0.5
    assert abs(np.mean([one.value for one in found]) - truth) < 3.5 * error
    assert np.mean(plain) - truth > 3.5 * error
    assert sum(one.low <= truth <= one.high for one in found) >= 34


@pytest.mark.parametrize("dim", [5, 200])
def test_distances_of_subsets_are_those_of_their_moments(dim: int) -> None:
    items = torch.randn(60, dim, generator=torch.Generator().manual_seed(0))
    root = torch.randn(dim, dim, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    reference = Moments(torch.ones(dim).double(), root @ root.T)
    subsets = [torch.arange(0, 60, 2), torch.arange(7, 31)]
    expected = [frechet_distance(moments(items[rows]), reference) for rows in subsets]
    assert subset_distances(items, subsets, DistanceTo(reference)).tolist() == pytest.approx(expected, rel=1e-7)


def test_too_few_groups_or_samples_are_refused() -> None:
    with pytest.raises(ValueError, match="at least 3"):
        FIDJackknife(None, 2)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="at least 20 samples; there are 12"):
        jackknife(torch.zeros(12, 3), DistanceTo(standard(3)), 0.0, 10)
