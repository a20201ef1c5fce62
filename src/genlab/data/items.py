"""Data as they are stored, and batches made of them: one index, one flip, one conversion."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from genlab.data.batch import Batch
from genlab.modalities.pixels import to_model

ToModel = Callable[[Tensor], Tensor]
"""Stored items (batch, ...) -> what a model sees of them."""


class Items(NamedTuple):
    """Data in memory, on any device, of any shape and dtype."""

    stored: Tensor
    """(n, *shape) as it is kept: uint8 for pictures, int16 for sound, int64 for tokens, float32 for points."""
    labels: Tensor | None = None
    """(n,) int64 classes."""
    captions: Sequence[str] | None = None
    """n texts."""

    def to(self, device: torch.device) -> Items:
        """The same on another device; texts stay where they are."""
        labels = None if self.labels is None else self.labels.to(device)
        return Items(self.stored.to(device), labels, self.captions)

    def batch(self, rows: Tensor, flips: Tensor | None = None, convert: ToModel = to_model) -> Batch:
        """The items `rows` (batch,), mirrored along their last axis where `flips` (batch,) is true; all on one device.

        In main memory numpy does it, on this thread alone: a batch is so small that torch's threads cost more than they
        save, and a hundred times more where another process has a core.
        """
        if self.stored.is_cpu:
            taken = self.stored.numpy()[rows.numpy()]
            if flips is not None:
                mirrored = flips.numpy()
                taken[mirrored] = taken[mirrored][..., ::-1]
            x = convert(torch.from_numpy(taken))
        else:
            x = self.stored[rows]
            if flips is not None:
                x = torch.where(flips.view(-1, *[1] * (x.ndim - 1)), x.flip(-1), x)
            x = convert(x)
        captions = None if self.captions is None else [self.captions[row] for row in rows.tolist()]
        return Batch(x, None if self.labels is None else self.labels[rows], captions)
