"""A claim is reproduced, refuted or undecided by the numbers of its seeds, and by nothing else."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import ttest_rel

from genlab.errors import ConfigError
from genlab.reports.studies.claims import LEVEL, interval, judge
from genlab.reports.studies.study import Claim

ROWS = ["1", "2", "3"]


def values(**columns):
    """column -> [numbers of row 1's seeds, of row 2's, ...]."""
    return {
        name: {row: dict(enumerate(of)) for row, of in zip(ROWS, rows, strict=False)} for name, rows in columns.items()
    }


def verdict(expression, numbers, **options):
    return judge(Claim("c", "text", expression, **options), numbers, ROWS)


APART = values(loss=[[1.0, 1.1, 0.9], [2.0, 2.1, 1.9], [3.0, 3.1, 2.9]])


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("loss[1] < loss[2]", "reproduced"),
        ("loss[1] > loss[2]", "refuted"),
        ("loss[1] < min(loss[2], loss[3]) and loss[3] > max(loss[1], loss[2])", "reproduced"),
        ("loss[1] < loss[2] and loss[2] > loss[3]", "refuted"),
        ("2 * loss[1] <= loss[2] + 0.5", "reproduced"),
        ("abs(loss[1] - loss[2]) < 0.5", "refuted"),
        ("-loss[1] / 2 > -loss[3]", "reproduced"),
    ],
)
def test_numbers_far_apart_decide(expression, expected):
    assert verdict(expression, APART).verdict == expected


def test_a_difference_that_holds_zero_decides_nothing():
    found = verdict("loss[1] < loss[2]", values(loss=[[1.0, 2.0, 3.0], [1.5, 1.5, 3.1]]))
    assert found.verdict == "undecided"
    assert "holds zero" in found.why


def test_seeds_are_paired():
    """Rows that vary much more over seeds than they differ from each other are told apart seed by seed."""
    numbers = values(loss=[[10.0, 20.0, 30.0], [10.1, 20.11, 30.09]])
    assert verdict("loss[1] < loss[2]", numbers).verdict == "reproduced"


@pytest.mark.parametrize("n", [1, 2])
def test_too_few_seeds_decide_nothing(n):
    found = verdict("loss[1] < loss[2]", values(loss=[[1.0, 1.0][:n], [2.0, 2.0][:n]]))
    assert found.verdict == "undecided"
    assert "3 are needed" in found.why


def test_only_seeds_that_every_row_has_are_used():
    numbers = {"loss": {"1": {0: 1.0, 1: 1.1, 2: 0.9, 3: 99.0}, "2": {0: 2.0, 1: 2.1, 2: 1.9}}}
    found = verdict("loss[1] < loss[2]", numbers)
    assert (found.verdict, found.parts[0]["n"]) == ("reproduced", 3)


def test_a_missing_number_is_named():
    found = verdict("loss[1] < loss[3]", values(loss=[[1.0] * 3, [1.0] * 3]))
    assert (found.verdict, found.why) == ("undecided", "row 3 has no loss")


def test_numbers_that_were_not_measured_alike_are_not_compared():
    measured = {"loss": {"1": "on 500 pictures", "2": "on 2000 pictures", "3": "on 500 pictures"}}
    found = judge(Claim("c", "text", "loss[1] < loss[2]"), APART, ROWS, measured)
    assert (found.verdict, found.why) == ("undecided", "loss: its rows were not measured alike")
    assert judge(Claim("c", "text", "loss[1] < loss[3]"), APART, ROWS, measured).verdict == "reproduced"


def test_a_claim_without_a_test_stays_in_the_table():
    found = judge(Claim("c", "text", why_not="needs a listener"), APART, ROWS)
    assert (found.verdict, found.why) == ("undecided", "needs a listener")


def test_equal_numbers_meet_a_bound_and_do_not_beat_it():
    equal = values(nfe=[[1000.0] * 3, [40.0] * 3])
    assert verdict("nfe[1] >= 25 * nfe[2]", equal).verdict == "reproduced"
    assert verdict("nfe[1] > 25 * nfe[2]", equal).verdict == "undecided"


def test_a_claim_about_every_row_needs_every_row():
    near = values(a=[[1.0, 1.1, 0.9]] * 3, b=[[2.0, 2.1, 1.9]] * 2 + [[0.5, 0.6, 0.4]])
    assert verdict("a < b", near, every_row=True).verdict == "refuted"
    near["b"]["3"] = near["b"]["1"]
    assert verdict("a < b", near, every_row=True).verdict == "reproduced"


def test_rank_correlation_over_rows():
    numbers = values(a=[[1.0, 1.1, 0.9], [2.0, 2.1, 1.9], [3.0, 3.1, 2.9]], b=[[9.0] * 3, [8.0] * 3, [7.0] * 3])
    assert verdict("rank_correlation(a, b) < 0", numbers).verdict == "reproduced"


def test_the_deviation_of_a_seed_is_from_the_mean_of_all():
    numbers = values(a=[[1.0, 1.1, 0.9], [2.0, 5.0, 8.0, 11.0]])
    assert verdict("deviation(a[1]) < deviation(a[2])", numbers).parts[0]["difference"] == pytest.approx(
        np.mean([0.0 - 4.5, 0.1 - 1.5, 0.1 - 1.5])
    )


ROUNDED = st.floats(-5, 5).map(lambda number: round(number, 6))  # at 1e-300 both sides are lost to rounding


@given(st.lists(ROUNDED, min_size=3, max_size=9, unique=True), st.floats(-2, 2).map(lambda number: round(number, 6)))
def test_the_verdict_is_that_of_a_paired_t_test(differences, shift):
    first = [0.1 * i for i in range(len(differences))]
    second = [a - d - shift for a, d in zip(first, differences, strict=True)]
    p = ttest_rel(first, second).pvalue
    if math.isnan(p) or abs(p - LEVEL) < 1e-6:
        return
    found = verdict("x[1] < x[2]", values(x=[first, second])).verdict
    smaller = np.mean(first) < np.mean(second)
    assert found == ("undecided" if p > LEVEL else "reproduced" if smaller else "refuted")


def test_the_interval_covers_the_truth_at_its_level():
    rng = np.random.default_rng(0)
    hits = sum(
        low <= 1.0 <= high for low, high in (interval(rng.normal(1.0, 2.0, 4).tolist(), 0.1) for _ in range(2000))
    )
    assert abs(hits / 2000 - 0.9) < 0.025


@pytest.mark.parametrize(
    ("expression", "said"),
    [
        ("loss[1]", "must be one comparison"),
        ("loss[1] < loss[2] < loss[3]", "must be one comparison"),
        ("loss[1] < los[2]", "did you mean 'loss'"),
        ("loss[7] < loss[2]", "no row 7"),
        ("loss[1] <", "is no expression"),
        ("__import__('os').system('x') < 1", "has no meaning"),
        ("(lambda: 1)() < 1", "has no meaning"),
    ],
)
def test_an_expression_that_is_none_is_refused(expression, said):
    with pytest.raises(ConfigError, match=said):
        verdict(expression, APART)
