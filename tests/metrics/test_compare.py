"""Only what was measured in the same way is ranked, and overlapping bests are ties."""

from __future__ import annotations

from typing import Any

import pytest

from genlab.metrics.compare import best, comparable, differences, footnotes, groups, tied
from genlab.metrics.score import Better, Score


def score(value: float, half: float = 0.5, n: int = 100, better: Better = "lower", **provenance: Any) -> Score:
    made = {"extractor": "digits", "extractor_sha256": "a", "reference_sha256": "r", "biased_in_n": True, **provenance}
    return Score(value, value - half, value + half, n, "distance", better, made)


def test_samplers_and_seeds_are_what_is_compared() -> None:
    assert comparable(score(1, sampler="ddim", nfe=10, weights="ema", seed=0), score(2, sampler="ddpm", nfe=50, seed=1))


@pytest.mark.parametrize("key", ["extractor", "extractor_sha256", "resize", "reference_sha256", "reference_n"])
def test_another_measurement_is_never_ranked(key: str) -> None:
    other = score(2, **{key: "another"})
    assert differences(score(1), other) == [key]
    with pytest.raises(ValueError, match=f"differ in {key}"):
        best([score(1), other])
    with pytest.raises(ValueError, match="not comparable"):
        tied(score(1), other)


def test_the_number_of_samples_counts_for_biased_values_only() -> None:
    assert differences(score(1, n=100), score(1, n=200)) == ["n"]
    assert comparable(score(1, n=100, biased_in_n=False), score(1, n=200, biased_in_n=False))


def test_overlapping_bests_are_ties_in_either_direction() -> None:
    lower = [score(3.0), score(1.0), score(1.9), score(2.1)]
    assert best(lower) == [1, 2]
    higher = [score(value, better="higher") for value in (3.0, 1.0, 2.2, 1.9)]
    assert best(higher) == [0, 2]
    assert best([score(float("nan")), score(5.0)]) == [1]
    assert best([]) == []


def test_the_largest_group_is_ranked_and_the_rest_have_footnotes() -> None:
    scores = {"a": score(1, extractor_sha256="b"), "b": score(2), "c": score(3), "d": score(4, n=7)}
    assert groups(scores) == [["b", "c"], ["a"], ["d"]]
    assert footnotes(scores) == {
        "a": "not ranked: measured with another extractor_sha256", "d": "not ranked: measured with another n"
    }  # fmt: skip
    assert footnotes({}) == {}
