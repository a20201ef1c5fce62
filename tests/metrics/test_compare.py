"""Only what was measured in the same way is ranked, and overlapping bests are ties."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from genlab.metrics.compare import best, comparable, differences, footnotes, groups, how_measured, tied
from genlab.metrics.score import Better, Score


def score(value: float, half: float = 0.5, n: int = 100, better: Better = "lower", **measured: Any) -> Score:
    how = {"extractor": "digits", "extractor_sha256": "a", "reference_sha256": "r", "n": n, **measured}
    return Score(value, value - half, value + half, n, "distance", better, how)


def test_samplers_and_seeds_are_what_is_compared() -> None:
    one, other = {"sampler": "ddim", "nfe": 10, "weights": "ema", "seed": 0}, {"sampler": "ddpm", "nfe": 50, "seed": 1}
    assert comparable(replace(score(1), made=one), replace(score(2), made=other))


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
    unbiased = [Score(1, 0, 2, n, "distance", "lower", {"extractor": "digits"}) for n in (100, 200)]
    assert comparable(*unbiased)


def test_what_a_metric_of_somebodys_own_measured_counts_without_a_list() -> None:
    assert differences(score(1, hue="red"), score(2, hue="blue")) == ["hue"]
    assert differences(score(1, hue="red"), score(2)) == ["hue"]
    assert comparable(score(1, hue=None), score(2))


BEFORE = {
    "value": 1.0, "low": 0.5, "high": 1.5, "n": 100, "unit": "distance", "better": "lower",
    "provenance": {
        "weights": "ema", "sampler": "ddim", "nfe": 10, "seed": 0, "interval": "bootstrap", "warning": "few",
        "extractor": "digits", "extractor_sha256": "a", "reference_sha256": "r", "biased_in_n": True,
    },
}  # fmt: skip
"""An entry as records had it before: all that is known of the score in one dictionary."""


def test_scores_of_before_are_ranked_with_those_of_today() -> None:
    before = Score.from_json(BEFORE)
    assert comparable(before, score(2))
    assert differences(before, score(2, n=200)) == ["n"]
    assert differences(before, score(2, extractor_sha256="b")) == ["extractor_sha256"]
    assert before.made == {
        "weights": "ema", "sampler": "ddim", "nfe": 10, "seed": 0, "interval": "bootstrap", "warning": "few"
    }  # fmt: skip
    assert how_measured(BEFORE) == how_measured(before.to_json())
    assert Score.from_json(before.to_json()) == before


@pytest.mark.parametrize("key", ["decoder", "draws", "flow"])
def test_likelihoods_of_before_that_were_computed_otherwise_are_not_ranked(key: str) -> None:
    one, other = ({**BEFORE, "provenance": {"likelihood": "a bound", key: value}} for value in ("one", "other"))
    assert differences(Score.from_json(one), Score.from_json(other)) == [key]


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
