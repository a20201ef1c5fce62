"""Train, validation and test: the same pictures for every run, whatever its seed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from genlab.data.source import Images, Sounds

Index = NDArray[np.int64]
_SEED = 20_240_229  # of no meaning, but fixed: another would make all results incomparable


class Splits(NamedTuple):
    """Indices into the pictures of a source; no two splits share one."""

    train: Index
    val: Index
    test: Index


def split(
    images: Images | Sounds,
    train_size: int | None,
    val_size: float,
    test_size: float | None,
    classes: Sequence[int] | None = None,
) -> Splits:
    """Divide `images`: first the test pictures, then the validation pictures, the rest is for training.

    `val_size` and `test_size` are a number of pictures (1 or more) or a fraction (below 1). The test pictures come
    from the test split that the data has, None takes all of it in its own order; data without one gives them from all
    its pictures. Fractions of validation are of all pictures outside the data's own test split. Then all but `classes`
    are left out, so that a picture is in the same split whether its class is alone or not. `train_size` limits what is
    left for training.

    Every part, and every beginning of a part, holds the classes in the proportions of the whole.

    Raises:
        ValueError: a size leaves nothing for another part, `test_size` is None for data without a test split, or
            a part holds no picture of `classes`.
    """
    n = len(images)
    order = _balanced_order(n - images.n_test, images, start=0)
    if images.n_test and test_size is None:
        test = np.arange(n - images.n_test, n)
    elif images.n_test:
        assert test_size is not None
        own = _balanced_order(images.n_test, images, start=n - images.n_test)
        test = own[: _count("test_size", test_size, len(own), len(own))]
    elif test_size is not None:
        test, order = _cut(order, _count("test_size", test_size, n, n - 2), images.groups)
    else:
        raise ValueError(f"this data has no test split of its own: give dataset.test_size (of {n} images)")
    val, train = _cut(order, _count("val_size", val_size, n - images.n_test, len(order) - 1), images.groups)
    if not len(train):
        raise ValueError("dataset.val_size and dataset.test_size leave no image to train on: its groups are too large")
    if classes is not None:
        train, val, test = (_of_classes(part, images, classes) for part in (train, val, test))
    if train_size is not None:
        train = train[: _count("train_size", train_size, len(train), len(train))]
    return Splits(train, val, test)


def _of_classes(part: Index, images: Images | Sounds, classes: Sequence[int]) -> Index:
    if images.labels is None:
        raise ValueError(f"dataset.classes={list(classes)}, but this data has no labels: set it to null")
    kept = part[np.isin(images.labels[part], classes)]
    if not len(kept):
        raise ValueError(f"dataset.classes={list(classes)} leaves no image in one of the splits")
    return kept


def _count(key: str, size: float, whole: int, most: int) -> int:
    count = max(1, round(size * whole)) if size < 1 else int(size)
    if count > most:
        raise ValueError(f"dataset.{key}={size:g} asks for {count} images, but only {max(most, 0)} can be given")
    return count


def _cut(order: Index, count: int, groups: Index | None) -> tuple[Index, Index]:
    """The first `count` and the rest; a group that the cut would divide goes to the first part as a whole."""
    if groups is not None:
        inside = groups[order[count - 1]]
        while count < len(order) and groups[order[count]] == inside:
            count += 1
    return order[:count], order[count:]


def _balanced_order(n: int, images: Images | Sounds, start: int) -> Index:
    """start, ..., start + n - 1, shuffled so that the classes are spread evenly and groups stay together."""
    part = slice(start, start + n)
    labels = np.zeros(n, np.int64) if images.labels is None else images.labels[part]
    groups = np.arange(n) if images.groups is None else images.groups[part]
    _, first, group = np.unique(groups, return_index=True, return_inverse=True)
    noise = np.random.Philox(key=_SEED).random_raw(len(first))  # numpy promises that these bits stay the same
    position = _spread(labels[first], noise)
    return start + np.lexsort((np.arange(n), group, position[group]))


def _spread(labels: Index, noise: NDArray[np.uint64]) -> NDArray[np.float64]:
    """Places in [0, 1): the k-th of the m members of a class, in random order, at about (k + 1/2) / m."""
    place = np.empty(len(labels))
    for label in np.unique(labels):
        members = np.flatnonzero(labels == label)
        members = members[np.argsort(noise[members], kind="stable")]
        offset = noise[members] / 2.0**64  # breaks ties between classes at random
        place[members] = (np.arange(len(members)) + offset) / len(members)
    return place
