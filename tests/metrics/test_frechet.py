"""The Frechet distance: closed forms, degenerate covariances, and intervals that hold what they say."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from genlab.metrics import frechet
from genlab.metrics.frechet import DistanceTo, estimate_distance, few_items_warning, frechet_distance
from genlab.metrics.moments import Moments, moments


def gaussian(dim: int, seed: int, scale: float = 1.0) -> Moments:
    generator = torch.Generator().manual_seed(seed)
    root = scale * torch.randn(dim, dim, dtype=torch.float64, generator=generator) / dim**0.5
    return Moments(torch.randn(dim, dtype=torch.float64, generator=generator), root @ root.T)


def draw(of: Moments, n: int, seed: int) -> torch.Tensor:
    values, vectors = torch.linalg.eigh(of.covariance)
    noise = torch.randn(n, len(values), dtype=torch.float64, generator=torch.Generator().manual_seed(seed))
    return of.mean + noise @ (vectors * values.clamp(min=0).sqrt()).T


def test_commuting_covariances_have_a_closed_form() -> None:
    a = Moments(torch.tensor([1.0, -2.0]).double(), torch.tensor([4.0, 9.0]).double().diag())
    b = Moments(torch.tensor([0.0, 2.0]).double(), torch.tensor([1.0, 25.0]).double().diag())
    assert frechet_distance(a, b) == pytest.approx(1 + 16 + (2 - 1) ** 2 + (3 - 5) ** 2, rel=1e-12)


def test_general_covariances_agree_with_the_matrix_square_root_of_scipy() -> None:
    from scipy.linalg import sqrtm

    a, b = gaussian(12, 0), gaussian(12, 1, scale=2)
    root = sqrtm((a.covariance @ b.covariance).numpy())
    offset = (a.mean - b.mean).square().sum().item()
    expected = offset + (a.covariance.trace() + b.covariance.trace()).item() - 2 * np.trace(root).real
    assert frechet_distance(a, b) == pytest.approx(expected, rel=1e-9)
    assert frechet_distance(b, a) == pytest.approx(expected, rel=1e-9)


def test_singular_covariances_are_measured_and_equal_sets_are_at_zero() -> None:
    flat = torch.tensor([1.0, 0.0, 0.0]).double()
    a = Moments(torch.zeros(3).double(), flat.outer(flat))
    b = Moments(torch.zeros(3).double(), 4 * flat.outer(flat))
    across = Moments(torch.zeros(3).double(), flat.roll(1).outer(flat.roll(1)))
    assert frechet_distance(a, b) == pytest.approx(1, abs=1e-7)
    assert frechet_distance(a, across) == pytest.approx(2, abs=1e-7)
    assert frechet_distance(a, a) == pytest.approx(0, abs=1e-7)
    few = torch.randn(5, 40, generator=torch.Generator().manual_seed(0))
    assert frechet_distance(moments(few), moments(few)) == pytest.approx(0, abs=1e-5)


def test_moments_of_50000_items_are_exact_in_float64_far_from_zero() -> None:
    near = torch.randn(50_000, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    far = moments(near + 1e6)
    expected = np.cov(near.numpy(), rowvar=False)
    assert np.allclose(far.covariance.numpy(), expected, rtol=1e-8)


def test_features_that_are_not_finite_are_refused_before_any_decomposition() -> None:
    broken = torch.ones(10, 4)
    broken[3, 2] = torch.nan
    with pytest.raises(ValueError, match="not-a-numbers"):
        moments(broken)
    good = gaussian(4, 0)
    with pytest.raises(ValueError, match="not-a-numbers"):
        frechet_distance(Moments(good.mean, good.covariance * torch.nan), good)


@pytest.mark.parametrize("dim", [6, 300])
def test_order_of_the_items_does_not_matter(dim: int) -> None:
    reference = gaussian(dim, 0)
    items = draw(gaussian(dim, 1), 400, 2)
    shuffled = items[torch.randperm(400, generator=torch.Generator().manual_seed(3))]
    assert estimate_distance(items, DistanceTo(reference)).value == pytest.approx(
        estimate_distance(shuffled, DistanceTo(reference)).value, rel=1e-9
    )


@pytest.mark.parametrize("dim", [6, 300])
def test_the_value_of_an_estimate_is_the_distance_of_the_moments(dim: int) -> None:
    reference, items = gaussian(dim, 0), draw(gaussian(dim, 1), 500, 2)
    estimate = estimate_distance(items, DistanceTo(reference))
    assert estimate.value == pytest.approx(frechet_distance(moments(items), reference), rel=1e-9)
    assert estimate.low < estimate.value < estimate.high


@pytest.mark.parametrize("limit", [256, 0], ids=["bootstrap", "infinitesimal jackknife"])
def test_intervals_hold_the_expected_distance_of_so_many_samples(limit: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """95 % intervals: of 120 repetitions, 105 to 120 hold the mean (the chance of fewer is below one in 1000)."""
    monkeypatch.setattr(frechet, "_BOOTSTRAP_DIM", limit)
    model, reference = gaussian(5, 1), gaussian(5, 0)
    estimates = [estimate_distance(draw(model, 150, seed), DistanceTo(reference), seed) for seed in range(120)]
    expected = np.mean([estimate.value for estimate in estimates])
    assert 105 <= sum(estimate.low <= expected <= estimate.high for estimate in estimates) <= 120
    widths = np.mean([estimate.high - estimate.low for estimate in estimates])
    spread = np.std([estimate.value for estimate in estimates])
    assert widths == pytest.approx(2 * 1.96 * spread, rel=0.25)


def test_too_few_samples_for_the_features_are_warned_of() -> None:
    assert few_items_warning(2048, 2048) is None
    assert "100 samples for 2048 features" in (few_items_warning(100, 2048) or "")


@pytest.mark.parametrize("n", [30, 299])
def test_few_items_are_measured_through_their_inner_products_with_the_same_result(n: int) -> None:
    """n <= d: the (n, n) and the (d, d) eigenvalue problems have one answer, the interval included."""
    reference, items = DistanceTo(gaussian(300, 0)), draw(gaussian(300, 1), n, 2)
    by_items, by_features = frechet._linearised_by_items(items, reference), frechet._linearised(items, reference)
    assert by_items[:3] == pytest.approx(by_features[:3], rel=1e-6)
    assert estimate_distance(items, reference) == by_items
