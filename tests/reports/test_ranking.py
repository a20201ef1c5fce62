"""Best, tied, or not comparable."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genlab.metrics.compare import comparable
from genlab.metrics.score import Score
from genlab.reports.ranking import rank


def score(value, low=None, high=None, better="lower", n=100, **provenance) -> dict:
    return {"value": value, "low": low, "high": high, "better": better, "n": n, "unit": "x", "provenance": provenance}


def test_lower_or_higher_wins_as_the_score_says():
    assert rank([score(3.0), score(1.0), score(2.0)]).best == {1}
    assert rank([score(3.0, better="higher"), score(1.0, better="higher")]).best == {0}


def test_intervals_that_overlap_the_best_are_ties():
    scores = [score(1.0, 0.5, 1.5), score(1.4, 1.2, 1.6), score(2.0, 1.6, 2.4), None]
    assert rank(scores).best == {0, 1}


def test_what_was_made_otherwise_is_compared_and_what_was_measured_otherwise_is_not():
    scores = [
        score(5.0, extractor="digits", sampler="ddim", biased_in_n=True),
        score(4.0, extractor="digits", sampler="ddpm", nfe=1000, biased_in_n=True),
        score(1.0, extractor="inception", sampler="ddim", biased_in_n=True),
        score(2.0, n=50, extractor="digits", biased_in_n=True),
    ]
    ranking = rank(scores)
    assert ranking.best == {1}
    assert set(ranking.mark) == {2, 3}
    assert "extractor inception instead of digits" in ranking.notes[ranking.mark[2] - 1]
    assert "n 50 instead of 100" in ranking.notes[ranking.mark[3] - 1]


def test_what_explains_a_number_does_not_keep_it_from_being_ranked():
    scores = [score(5.0, bias=0.3, per_class=[1, 2]), score(4.0, bias=0.2, per_class=[3, 4], warning="few samples")]
    assert rank(scores).best == {1}
    assert not rank(scores).mark


def test_whether_the_number_of_items_counts_is_decided_once_for_tables_and_for_comparisons():
    for biased in (True, False):
        pair = [score(5.0, n=50, biased_in_n=biased), score(4.0, n=100, biased_in_n=biased)]
        assert comparable(*(Score.from_json(entry | {"low": 0, "high": 9}) for entry in pair)) is not biased
        assert bool(rank(pair).mark) is biased
        assert rank(pair).best == (set() if biased else {1})


def test_only_the_largest_group_has_a_best():
    groups = [
        score(3.0, reference="a"),
        score(1.0, reference="b"),
        score(2.0, reference="b"),
        score(4.0, reference="a"),
    ]
    assert rank(groups).best == {0}
    assert set(rank(groups).mark) == {1, 2}
    assert rank([*groups, score(5.0, reference="b")]).best == {1}


@pytest.mark.parametrize("value", [None, math.nan, math.inf, "nan"])
def test_a_score_without_a_number_takes_no_part(value):
    ranking = rank([score(value), score(2.0), score(1.0)])
    assert ranking.best == {2}
    assert not ranking.mark


def test_one_score_is_not_the_best_of_anything():
    assert rank([score(1.0), None]).best == set()


@given(st.lists(st.tuples(st.floats(-10, 10), st.floats(0, 3)), min_size=2, max_size=8), st.permutations(range(8)))
def test_the_ranking_does_not_depend_on_the_order(rows, order):
    scores = [score(v, v - w, v + w) for v, w in rows]
    order = [i for i in order if i < len(scores)]
    best = rank(scores).best
    values = sorted(scores[i]["value"] for i in best)
    shuffled = [scores[i] for i in order]
    assert min(s["value"] for s in scores) in values
    if len({v for v, _ in rows}) == len(rows):  # equal values may have different intervals: either may be the best
        assert sorted(shuffled[i]["value"] for i in rank(shuffled).best) == values
