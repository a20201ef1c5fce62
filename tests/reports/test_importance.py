"""The importance of a key, against cases whose answer is known."""

import numpy as np
import pytest

from genlab.reports.importance import importance

RNG = np.random.default_rng(0)


def grid_of(*sizes: int, repeats: int) -> np.ndarray:
    """Every combination of levels, `repeats` times: (runs, keys)."""
    return np.stack([axis.ravel() for axis in np.meshgrid(*map(np.arange, sizes), np.arange(repeats))], axis=1)[:, :-1]


def settings(levels: np.ndarray) -> list[list[str]]:
    return [[str(level) for level in row] for row in levels]


def test_independent_effects_get_their_share_of_the_variance():
    levels = grid_of(4, 2, 3, repeats=20)
    effect = levels[:, 0] * 3.0 + levels[:, 1] * 2.0
    values = effect + RNG.normal(size=len(levels))
    first, second, none = importance(settings(levels), list(values))
    total = values.var()
    assert first == pytest.approx((levels[:, 0] * 3.0).var() / total, abs=0.02)
    assert second == pytest.approx((levels[:, 1] * 2.0).var() / total, abs=0.02)
    assert none == pytest.approx(0, abs=0.02)


def test_a_key_that_does_nothing_has_no_share_on_average():
    shares = [importance(settings(grid_of(3, repeats=4)), list(RNG.normal(size=12)))[0] for _ in range(300)]
    assert np.mean(shares) < 0.1  # cut at 0 from below, so a little above 0
    assert np.median(shares) == 0


def test_one_key_agrees_with_the_analysis_of_variance():
    from scipy.stats import f_oneway

    levels = grid_of(3, repeats=5)
    values = levels[:, 0] + RNG.normal(size=15)
    groups = [values[levels[:, 0] == level] for level in range(3)]
    f, k, n = f_oneway(*groups).statistic, 3, 15
    expected = (k - 1) * (f - 1) / (n - k + (k - 1) * f)  # epsilon squared from the F statistic
    assert importance(settings(levels), list(values))[0] == pytest.approx(max(0.0, expected))


def test_keys_varied_together_explain_nothing_that_the_other_does_not():
    levels = np.repeat(grid_of(4, repeats=5), 2, axis=1)
    shares = importance(settings(levels), list(levels[:, 0] + 0.1 * RNG.normal(size=20)))
    assert shares == [pytest.approx(0, abs=1e-9)] * 2


def test_numbers_with_many_values_are_cut_into_groups():
    x = RNG.uniform(size=200)
    (share,) = importance([[str(value)] for value in x], list(x))
    assert share > 0.9


@pytest.mark.parametrize(
    ("levels", "values"),
    [([["a"], ["b"]], [1.0, 2.0]), ([["a"], ["b"], ["c"]], [1.0, 2.0, 3.0]), ([["a"], ["a"], ["b"]], [1.0, 1.0, 1.0])],
)
def test_too_little_to_tell(levels, values):
    assert importance(levels, values) == [None]


def test_a_key_with_one_level_has_no_importance():
    assert importance([["a", "x"], ["a", "x"], ["b", "x"], ["b", "x"]], [1.0, 1.1, 2.0, 2.1])[1] is None
