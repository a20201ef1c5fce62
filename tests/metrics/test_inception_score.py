"""The Inception Score: its extremes, and the same number as torch-fidelity's from the same logits."""

from __future__ import annotations

import pytest
import torch

from genlab.metrics.inception_score import inception_score


def test_sure_and_even_classes_score_their_number_and_a_constant_scores_one() -> None:
    even = 50.0 * torch.eye(4).repeat(25, 1)
    value, low, high = inception_score(even, splits=1)
    assert value == pytest.approx(4, rel=1e-9)
    assert low <= value <= high
    assert inception_score(torch.ones(100, 4), splits=5) == pytest.approx((1, 1, 1), abs=1e-9)


def test_equals_torch_fidelity_on_the_same_logits() -> None:
    from torch_fidelity.metric_isc import isc_features_to_metric

    logits = 2 * torch.randn(203, 7, generator=torch.Generator().manual_seed(0))
    for splits in (1, 4, 10):
        expected = isc_features_to_metric(logits, splits)["inception_score_mean"]
        assert inception_score(logits, splits)[0] == pytest.approx(expected, rel=1e-12)


def test_no_global_random_state_is_touched() -> None:
    torch.manual_seed(0)
    before = torch.get_rng_state()
    first = inception_score(torch.randn(50, 3, generator=torch.Generator().manual_seed(1)))
    assert torch.equal(before, torch.get_rng_state())
    assert first == inception_score(torch.randn(50, 3, generator=torch.Generator().manual_seed(1)))


def test_what_cannot_be_scored_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 10 samples; there are 3"):
        inception_score(torch.zeros(3, 4))
    with pytest.raises(ValueError, match="not-a-numbers"):
        inception_score(torch.full((20, 4), torch.nan))
