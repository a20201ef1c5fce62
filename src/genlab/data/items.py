"""Data as they are stored, and batches made of them: one index, one flip, one conversion."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from genlab.data.batch import Batch
from genlab.data.captions import tells_sides
from genlab.data.region_weights import RegionWeights
from genlab.modalities.pixels import to_model

ToModel = Callable[[Tensor], Tensor]
"""Stored items (batch, ...) -> what a model sees of them."""


class Items(NamedTuple):
    """Data in memory, on any device, of any shape and dtype."""

    stored: Tensor
    """(n, *shape) as it is kept: uint8 for pictures, int16 for sound, int64 for tokens, float32 for points."""
    labels: Tensor | None = None
    """(n,) int64 classes."""
    captions: Sequence[str] | Sequence[Sequence[str]] | None = None
    """n texts, or n times one or more of them, of which each epoch of training takes one."""
    others: Tensor | None = None
    """(n, *shape) as it is kept: a second datum for each, such as the picture before an edit."""
    weights: RegionWeights | None = None
    """What the error at each pixel counts in training; None: all the same."""

    def to(self, device: torch.device) -> Items:
        """The same on another device; texts stay where they are."""
        labels = None if self.labels is None else self.labels.to(device)
        others = None if self.others is None else self.others.to(device)
        weights = None if self.weights is None else self.weights.to(device)
        return Items(self.stored.to(device), labels, self.captions, others, weights)

    def caption(self, row: int, place: float = 0.0) -> str:
        """The text of an item: the first, or of several that which lies at `place` in [0, 1)."""
        texts = self.texts(row)
        return texts if isinstance(texts, str) else texts[int(place * len(texts))]

    def texts(self, row: int) -> str | list[str]:
        """All captions of an item."""
        assert self.captions is not None
        texts = self.captions[row]
        return texts if isinstance(texts, str) else list(texts)

    def can_be_mirrored(self, rows: Tensor) -> Tensor:
        """(n,) bool: whether no caption of the items `rows` (n,) would be wrong of a mirror image; on the CPU."""
        if self.captions is None:
            return torch.ones(len(rows), dtype=torch.bool)
        return torch.tensor([not tells_sides(self.texts(row)) for row in rows.tolist()], dtype=torch.bool)

    def batch(
        self, rows: Tensor, flips: Tensor | None = None, convert: ToModel = to_model, places: Tensor | None = None
    ) -> Batch:
        """The items `rows` (batch,), mirrored along their last axis where `flips` (batch,) is true; all on one device.

        Of several captions that at `places` (batch,) in [0, 1) is taken; without `places` the first.

        In main memory numpy does it, on this thread alone: a batch is so small that torch's threads cost more than they
        save, and a hundred times more where another process has a core.
        """
        captions = None
        if self.captions is not None:
            chosen = [0.0] * len(rows) if places is None else places.tolist()
            captions = [self.caption(row, place) for row, place in zip(rows.tolist(), chosen, strict=True)]
        other = None if self.others is None else convert(_taken(self.others, rows, flips))
        x = convert(_taken(self.stored, rows, flips))
        weight = None
        if self.weights is not None:
            weight = self.weights.values[_taken(self.weights.region, rows, flips).int()]
        return Batch(x, None if self.labels is None else self.labels[rows], captions, other, weight)


def _taken(stored: Tensor, rows: Tensor, flips: Tensor | None) -> Tensor:
    """The `rows` of `stored`, mirrored where `flips` is true."""
    if stored.is_cpu:
        taken = stored.numpy()[rows.numpy()]
        if flips is not None:
            mirrored = flips.numpy()
            taken[mirrored] = taken[mirrored][..., ::-1]
        return torch.from_numpy(taken)
    x = stored[rows]
    return x if flips is None else torch.where(flips.view(-1, *[1] * (x.ndim - 1)), x.flip(-1), x)
