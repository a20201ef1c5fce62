"""Splits share no picture, keep groups together, and hold the classes in proportion."""

from __future__ import annotations

from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from genlab.data.source import Images
from genlab.data.splits import split


def images(n: int, labels: list[int] | None = None, n_test: int = 0, groups: list[int] | None = None) -> Images:
    return Images(
        np.zeros((n, 1, 2, 2), np.uint8), None if labels is None else np.array(labels), None, n_test,
        None if groups is None else np.array(groups),
    )  # fmt: skip


@settings(max_examples=60)
@given(st.data())
def test_every_picture_is_in_exactly_one_split(data: st.DataObject) -> None:
    n = data.draw(st.integers(4, 200))
    labels = data.draw(st.none() | st.lists(st.integers(0, 4), min_size=n, max_size=n))
    sizes = data.draw(st.sampled_from([(0.1, 0.1), (1, 1), (0.3, 2), (2, 0.25)]))
    parts = split(images(n, labels), None, *sizes)
    assert sorted(np.concatenate(parts).tolist()) == list(range(n))
    expected = [max(1, round(size * n)) if size < 1 else size for size in sizes]
    assert [len(parts.val), len(parts.test)] == expected


@settings(max_examples=40)
@given(st.lists(st.integers(1, 4), min_size=30, max_size=60), st.randoms())
def test_a_group_never_falls_into_two_splits(group_sizes: list[int], random: Random) -> None:
    groups = [group for group, size in enumerate(group_sizes) for _ in range(size)]
    random.shuffle(groups)
    parts = split(images(len(groups), [g % 3 for g in groups], groups=groups), None, 0.1, 0.1)
    found = [set(np.array(groups)[part].tolist()) for part in parts]
    assert not found[0] & found[1]
    assert not found[0] & found[2]
    assert not found[1] & found[2]
    assert sum(map(len, parts)) == len(groups)


def test_one_group_cannot_be_split() -> None:
    with pytest.raises(ValueError, match=r"dataset\.val_size"):
        split(images(20, groups=[0] * 20), None, 0.1, 0.1)


def test_any_beginning_of_a_split_has_the_classes_in_proportion() -> None:
    labels = [0] * 600 + [1] * 300 + [2] * 100
    train = split(images(1000, labels), None, 0.1, 0.1).train
    for count in (10, 100, 250, 800):
        counts = np.bincount(np.array(labels)[train[:count]], minlength=3)
        assert np.abs(counts - count * np.array([0.6, 0.3, 0.1])).max() <= 2


def test_train_size_takes_a_beginning() -> None:
    whole, part = (split(images(100, [0, 1] * 50), size, 10, 10) for size in (None, 30))
    assert part.train.tolist() == whole.train[:30].tolist()
    assert part.val.tolist() == whole.val.tolist()
    assert part.test.tolist() == whole.test.tolist()


def test_the_split_is_shuffled_and_the_same_on_every_machine() -> None:
    parts = split(images(20), None, 4, 3)
    assert parts.test.tolist() == [4, 12, 9]
    assert parts.val.tolist() == [14, 0, 2, 11]


def test_the_test_split_of_the_data_is_left_as_it_is() -> None:
    parts = split(images(100, [0, 1] * 50, n_test=20), None, 0.25, None)
    assert parts.test.tolist() == list(range(80, 100))
    assert sorted([*parts.train, *parts.val]) == list(range(80))
    assert len(parts.val) == 20  # a quarter of the other 80


def test_test_size_limits_the_test_split_of_the_data() -> None:
    parts = split(images(100, [0, 1] * 50, n_test=20), None, 10, 6)
    assert len(parts.test) == 6
    assert min(parts.test) >= 80


@pytest.mark.parametrize(
    ("sizes", "message"),
    [
        ((None, 0.1, None), "dataset.test_size"),
        ((None, 5, 99), "dataset.test_size=99"),
        ((None, 90, 10), "dataset.val_size=90"),
        ((81, 10, 10), "dataset.train_size=81"),
    ],
)
def test_sizes_that_do_not_fit_are_named(sizes: tuple[int | None, float, float | None], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        split(images(100), *sizes)
