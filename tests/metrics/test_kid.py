"""The kernel distance: torch-fidelity's own value, unbiased, with an interval that holds what it says."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from genlab.metrics import kid as module
from genlab.metrics.kid import kid, kid_of_subsets


def normal(n: int, seed: int, shift: float = 0.0, dim: int = 4) -> torch.Tensor:
    return torch.randn(n, dim, generator=torch.Generator().manual_seed(seed)) + shift


def test_equals_torch_fidelity_with_its_own_subsets_and_seed() -> None:
    from torch_fidelity.metric_kid import kid_features_to_metric

    a, b = normal(120, 0, 0.3), normal(150, 1)
    theirs = kid_features_to_metric(a, b, kid_subsets=20, kid_subset_size=50, rng_seed=2020, verbose=False)
    assert kid_of_subsets(a, b, 20, 50) == pytest.approx(theirs["kernel_inception_distance_mean"], rel=1e-12)
    assert kid_of_subsets(a, b[:120], 1, 120) == pytest.approx(kid(a, b[:120]).value, rel=1e-4)


def test_is_the_unbiased_estimate_of_the_polynomial_kernel_on_the_whole_set() -> None:
    a, b = normal(60, 0, 0.5).double(), normal(60, 1).double()

    def mean(x: torch.Tensor, y: torch.Tensor, others: bool) -> float:
        kernel = (x @ y.T / 4 + 1) ** 3
        return ((kernel.sum() - kernel.trace() * others) / (60 * (59 if others else 60))).item()

    expected = mean(a, a, True) + mean(b, b, True) - 2 * mean(a, b, False)
    assert kid(a.float(), b.float()).value == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize("shift", [0.0, 0.7], ids=["a perfect model", "a poor model"])
def test_intervals_hold_the_expected_value(shift: float) -> None:
    """For a perfect model the first-order term vanishes and only the second keeps the interval from collapsing."""
    reference = normal(4000, 12345)
    found = [kid(normal(200, seed, shift), reference) for seed in range(60)]
    expected = np.mean([one.value for one in found])
    assert 52 <= sum(one.low <= expected <= one.high for one in found) <= 60
    widths, spread = np.mean([one.high - one.low for one in found]), np.std([one.value for one in found])
    assert widths == pytest.approx(2 * 1.96 * spread, rel=0.3)


def test_blocks_of_rows_and_order_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    a, b = normal(90, 0, 0.5), normal(70, 1)
    whole = kid(a, b)
    monkeypatch.setattr(module, "_ROWS", 32)
    assert kid(a.flip(0), b.roll(5, 0)) == pytest.approx(whole, rel=1e-5)
