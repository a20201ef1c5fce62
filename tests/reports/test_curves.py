"""The loss curve shows what the history says."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from genlab.reports.curves import curves, loss_curve, smoothed

LINES = [
    {"step": i, "epoch": i // 50, "seconds": 0.1 * i, "loss": 100 * math.exp(-i / 40) + 5, "kl": 0.1 * i}
    for i in range(300)
]


def test_terms_are_told_from_bookkeeping_and_the_loss_comes_first():
    found = curves([*LINES, {"step": 300, "epoch": 6, "val/loss": 7.0}])
    assert [curve.name for curve in found] == ["loss", "val/loss", "kl"]
    assert found[0].steps.tolist() == list(range(300))
    assert found[0].values[0] == 105.0
    assert (found[1].steps.tolist(), found[1].values.tolist()) == ([300.0], [7.0])


def test_numbers_that_are_not_finite_are_gaps():
    (curve,) = curves([{"step": 1, "loss": math.nan}, {"step": 2, "loss": "inf"}, {"step": 3, "loss": 1.0}])
    assert np.isnan(curve.values).tolist() == [True, True, False]


@given(st.lists(st.floats(-100, 100), min_size=1, max_size=50), st.integers(1, 9))
def test_smoothing_is_a_mean_of_neighbours(values, width):
    mean = smoothed(np.asarray(values), width)
    assert len(mean) == len(values)
    assert mean.min() >= min(values) - 1e-9
    assert mean.max() <= max(values) + 1e-9


def test_smoothing_leaves_a_constant_and_steps_over_gaps():
    assert smoothed(np.asarray([2.0, math.nan, 2.0, 2.0]), 3).tolist() == [2.0, 2.0, 2.0, 2.0]


@pytest.mark.parametrize("lines", [LINES, LINES[:5], [{"step": 1, "loss": -3.0}], [{"step": 1, "loss": math.nan}], []])
def test_a_picture_is_drawn_of_any_history(tmp_path, lines):
    path = loss_curve(lines, tmp_path / "samples" / "loss.png", title="a run")
    with Image.open(path) as image:
        pixels = np.asarray(image.convert("RGB"))
    assert pixels.shape[1] > 2 * pixels.shape[0]
    blue = (np.abs(pixels.astype(int) - (0, 114, 178)).sum(-1) < 60).any()
    assert blue == (len(curves(lines)) > 0 and any(np.isfinite(c.values).any() for c in curves(lines)))


def test_shares_and_counts_stay_out_of_the_picture(tmp_path):
    counted = [line | {"perplexity": 500.0, "val/accuracy": 0.5} for line in LINES]
    with_counts, without = loss_curve(counted, tmp_path / "a.png"), loss_curve(LINES, tmp_path / "b.png")
    assert with_counts.read_bytes() == without.read_bytes()
