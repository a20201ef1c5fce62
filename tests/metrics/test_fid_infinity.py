"""FID-infinity: free of the bias in n that FID has."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from genlab.metrics.fid_infinity import FIDInfinity, fid_infinity
from genlab.metrics.frechet import DistanceTo, frechet_distance
from genlab.metrics.moments import Moments, moments


def test_removes_the_bias_and_its_intervals_hold_the_true_distance() -> None:
    dim, n = 10, 200
    reference = Moments(torch.zeros(dim).double(), torch.eye(dim).double())
    truth = dim * (1.2 - 1) ** 2
    found, plain = [], []
    for seed in range(40):
        items = 1.2 * torch.randn(n, dim, generator=torch.Generator().manual_seed(seed))
        found.append(fid_infinity(items, DistanceTo(reference), 10, seed))
        plain.append(frechet_distance(moments(items), reference))
    error = np.std([one.value for one in found]) / 40**0.5
    assert abs(np.mean([one.value for one in found]) - truth) < 3.5 * error
    assert np.mean(plain) - truth > 3.5 * error
    assert sum(one.low <= truth <= one.high for one in found) >= 34


def test_a_line_needs_three_points() -> None:
    with pytest.raises(ValueError, match="at least 3"):
        FIDInfinity(None, 2)  # type: ignore[arg-type]
