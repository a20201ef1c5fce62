"""Two models' scores side by side: who is better by more than chance, and what may not be compared."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from genlab.metrics.difference import compared
from genlab.metrics.intervals import mean_with_interval
from genlab.metrics.score import Better, Score
from genlab.reports.comparison import markdown, rows


def score(value: float, half: float = 1.0, better: Better = "lower", n: int = 100, **measured: object) -> Score:
    return Score(value, value - half, value + half, n, "", better, {"extractor": "digits", **measured})


def sampled(value: float, **made: object) -> Score:
    return replace(score(value), made=made)


@pytest.mark.parametrize(
    ("a", "b", "better", "verdict"),
    [(5, 9, "lower", "a"), (9, 5, "lower", "b"), (5, 9, "higher", "b"), (9, 5, "higher", "a"), (5, 6, "lower", "tie")],
)
def test_the_better_one_is_better_by_more_than_chance(a: float, b: float, better: Better, verdict: str) -> None:
    (found,) = compared({"m": score(a, better=better)}, {"m": score(b, better=better)})
    assert found.verdict == verdict
    assert found.value == a - b
    assert found.high - found.value == pytest.approx(2**0.5)


def test_a_value_that_is_not_finite_decides_nothing() -> None:
    nan = float("nan")
    (found,) = compared({"m": Score(nan, nan, nan, 1, "", "lower")}, {"m": Score(1, 0, 2, 1, "", "lower")})
    assert found.verdict == "tie"


def test_another_measurement_is_never_ranked_and_is_told() -> None:
    a, b = {"m": score(1)}, {"m": score(100, extractor_sha256="b" * 64), "only in b": score(1)}
    (found,) = compared(a, b)
    assert (found.verdict, found.reasons) == ("not comparable", ["extractor_sha256"])
    (line,), notes = rows([found])
    assert line[3:] == ["not ranked", "–"]
    assert notes == ["measured otherwise and not ranked: extractor_sha256 None and bbbbbbbbbbbb…"]
    assert "1: measured otherwise" in markdown([found], "run a", "run b")


def test_another_way_of_sampling_is_what_is_compared() -> None:
    (found,) = compared({"m": sampled(1, sampler="ddim", nfe=5)}, {"m": sampled(9, sampler="ddpm", nfe=50)})
    assert found.verdict == "a"


def test_the_interval_of_a_difference_holds_the_truth() -> None:
    """Of 150 repetitions at 95 %, fewer than 134 hold with a chance below one in 400."""

    def measured(mean: float, seed: int) -> Score:
        values = mean + torch.randn(100, generator=torch.Generator().manual_seed(seed))
        return Score(*mean_with_interval(values, seed), 100, "", "lower")

    found = [compared({"m": measured(2, seed)}, {"m": measured(1.5, 1000 + seed)})[0] for seed in range(150)]
    assert 134 <= sum(one.low <= 0.5 <= one.high for one in found) <= 150
