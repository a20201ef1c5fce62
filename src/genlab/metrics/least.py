"""The fewest pictures that a metric can be computed of, known before any is drawn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor

from genlab.metrics.reference import Data, Split


class Counts(NamedTuple):
    """How many pictures there are, or, as a metric's `least`, must be."""

    samples: int = 1
    """That are drawn, or in a folder."""

    samples_of_class: int = 0
    """Of each class that the split has."""

    real: int = 1
    """Of the split that samples are compared with."""

    real_of_class: int = 0
    """Of each class that the split has."""

    real_of_every_class: int = 0
    """Of each class of the data, also one that the split lacks."""

    shown_of_class: int = 0
    """Of each class that occurs among the real pictures that a model is shown, the first n_samples of the split."""

    train: int = 0
    """Of training."""


_WORDS = {
    "samples": "samples", "samples_of_class": "samples of each class", "real": "pictures in the {split} split",
    "real_of_class": "pictures of each class in the {split} split",
    "real_of_every_class": "pictures of each class in the {split} split",
    "shown_of_class": "pictures of each class among the first {n} of the {split} split", "train": "training pictures",
}  # fmt: skip


class Counted(NamedTuple):
    """What there is, and which class is the rarest by each count of classes."""

    counts: Counts
    rarest: dict[str, int]


def counted(n_samples: int, labels: Tensor | None, data: Data, split: Split) -> Counted:
    """What there is of `n_samples` samples of the classes `labels` (n,), where they are of any, and of the data."""
    real, of_real = data.items(split)
    n_real, n_train = len(real), len(data.items("train")[0])
    if of_real is None:
        return Counted(Counts(n_samples, 0, n_real, train=n_train), {})
    present = of_real.unique().tolist()
    if labels is None and len(present) == 1:
        labels = of_real[:1].expand(n_samples)
    shown = of_real[:n_samples]
    by_field = {
        "samples_of_class": _rarest(labels, present), "real_of_class": _rarest(of_real, present),
        "real_of_every_class": _rarest(of_real, range(data.num_classes or 0)),
        "shown_of_class": _rarest(shown, shown.unique().tolist()),
    }  # fmt: skip
    numbers = {field: number for field, (number, _) in by_field.items()}
    rarest = {field: label for field, (_, label) in by_field.items() if label is not None}
    return Counted(Counts(samples=n_samples, real=n_real, train=n_train, **numbers), rarest)


def _rarest(labels: Tensor | None, classes: Sequence[int]) -> tuple[int, int | None]:
    """(how often the rarest of `classes` occurs, which it is)."""
    if labels is None or not len(classes):
        return 0, None
    counts = torch.bincount(labels.cpu().long(), minlength=max(classes) + 1)[list(classes)]
    return int(counts.min()), classes[int(counts.argmin())]


def too_few(metrics: Mapping[str, Any], there: Counted, split: Split) -> dict[str, str]:
    """Of each metric that lacks pictures, what it needs and what there is: "kid needs 2 samples, there is 1"."""
    sentences = {}
    for name, metric in metrics.items():
        least: Counts = getattr(metric, "least", Counts())
        lacking = [field for field in Counts._fields if getattr(there.counts, field) < getattr(least, field)]
        for field in lacking[:1]:
            words = _WORDS[field].format(split=split, n=there.counts.samples)
            have = f"class {there.rarest[field]} has" if field in there.rarest else "there are"
            sentences[name] = f"{name} needs {getattr(least, field)} {words}, {have} {getattr(there.counts, field)}"
    return sentences
