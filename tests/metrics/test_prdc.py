"""Precision, recall, density and coverage: extremes, torch-fidelity's values, independence of order."""

from __future__ import annotations

import pytest
import torch

from genlab.metrics import prdc as module
from genlab.metrics.prdc import prdc


def normal(n: int, seed: int, scale: float = 1.0, dim: int = 6) -> torch.Tensor:
    return scale * torch.randn(n, dim, generator=torch.Generator().manual_seed(seed))


def test_precision_and_recall_equal_torch_fidelity(monkeypatch: pytest.MonkeyPatch) -> None:
    from torch_fidelity.metric_prc import prc_features_to_metric

    samples, real = normal(150, 0, 0.8), normal(130, 1)
    theirs = prc_features_to_metric(samples, real, prc_neighborhood=3, verbose=False)
    monkeypatch.setattr(module, "_ROWS", 40)  # several blocks
    ours = prdc(samples, real)
    assert ours.precision.value == pytest.approx(theirs["precision"])
    assert ours.recall.value == pytest.approx(theirs["recall"])


def test_equal_distributions_are_covered_and_disjoint_ones_are_not() -> None:
    real = normal(400, 0)
    same, far = prdc(normal(400, 1), real), prdc(normal(400, 1) + 50, real)
    assert same.density.value == pytest.approx(1, abs=0.1)  # its expectation is 1
    # For equal distributions each of the k = 5 real and the samples in turn are nearest: 1 - 2^-5 in the limit.
    assert same.coverage.value == pytest.approx(1 - 2**-5, abs=0.03)
    assert [measured.value for measured in far] == [0, 0, 0, 0]


def test_a_model_that_draws_one_mode_has_precision_without_recall() -> None:
    real = torch.cat([normal(200, 0), normal(200, 1) + 30])
    one_mode = prdc(normal(400, 2), real)
    assert one_mode.precision.value > 0.7
    assert one_mode.recall.value < 0.55
    assert one_mode.coverage.value < 0.55


def test_order_does_not_matter_and_values_lie_in_their_intervals() -> None:
    samples, real = normal(100, 0), normal(90, 1)
    found, shuffled = prdc(samples, real), prdc(samples.flip(0), real.roll(7, 0))
    for one, other in zip(found, shuffled, strict=True):
        assert one.value == pytest.approx(other.value, abs=1e-9)
        assert one.low <= one.value <= one.high


def test_density_and_coverage_agree_with_their_definition_computed_at_length() -> None:
    samples, real = normal(30, 0).double(), normal(25, 1).double()
    radius = torch.cdist(real, real).sort(1).values[:, 5]
    inside = torch.cdist(real, samples) <= radius[:, None]
    found = prdc(samples, real)
    assert found.density.value == pytest.approx(inside.double().sum().item() / (5 * 30))
    assert found.coverage.value == pytest.approx(inside.any(1).double().mean().item())


def test_too_few_pictures_are_refused() -> None:
    with pytest.raises(ValueError, match="more than 5 samples; there are 4"):
        prdc(normal(4, 0), normal(40, 1))
