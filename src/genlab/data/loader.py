"""Batches from data that lie in memory, in which order and for which process. No worker processes."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from genlab.data.batch import Batch
from genlab.data.epochs import ResumableEpochs
from genlab.data.items import Items, ToModel
from genlab.modalities.pixels import to_model
from genlab.notice import Notice


class Shard(NamedTuple):
    """This process's place among those that share each batch."""

    rank: int = 0
    world: int = 1


class TrainLoader(ResumableEpochs):
    """Epochs of shuffled batches, resumable in the middle.

    `batch_size` is that of all processes together: each takes its share of every batch, so the number of devices
    changes no batch. Every batch is full: the rest of an epoch is dropped (another rest in every epoch), or filled up;
    a set smaller than a batch is one batch.

    Args:
        data: all items.
        rows: (n,) int64, those to train on.
        batch_size: items in a batch, over all processes.
        seed: of the order and the flips; None gives the same order in every epoch and no flips (for overfitting).
        flip: mirror half of the items along their last axis, at random; those whose captions say left or right are not.
        shard: this process's place.
        done: see ResumableEpochs.
        convert: stored items -> what a model sees.
        fill: the rest of an epoch is filled up to a batch by the epoch's first items, not dropped.
    """

    def __init__(
        self, data: Items, rows: Tensor, batch_size: int, seed: int | None, flip: bool = False,
        shard: Shard = Shard(), done: Callable[[], int] | None = None, convert: ToModel = to_model,  # noqa: B008
        fill: bool = False,
    ) -> None:  # fmt: skip
        shares = -(-len(rows) // shard.world) * shard.world if fill else len(rows)
        self.batch_size, self.fill = min(batch_size, shares), fill
        if self.batch_size % shard.world:
            raise ValueError(f"dataset.batch_size={self.batch_size} cannot be shared evenly by {shard.world} devices")
        super().__init__(len(rows), seed, done)
        self._data, self._rows, self._shard, self._convert = data, rows, shard, convert
        self._mirrored = data.can_be_mirrored(rows) if flip else None

    def __len__(self) -> int:
        return -(-len(self._rows) // self.batch_size) if self.fill else len(self._rows) // self.batch_size

    @property
    def repeats(self) -> int:
        """How many items of an epoch come a second time, to fill its last batch."""
        return max(0, len(self) * self.batch_size - len(self._rows))

    @property
    def unmirrored(self) -> int:
        """How many items are never mirrored although others are: their captions say left or right."""
        return 0 if self._mirrored is None else int((~self._mirrored).sum())

    def __iter__(self) -> Iterator[Batch]:
        # A generator: nothing below runs before the first batch is asked for. Lightning makes the iterator first and
        # sets the epoch then.
        device = self._data.stored.device
        order = None if self._order is None else self._order.permutation()
        rows = self._rows if order is None else self._rows[order]
        rows = rows.to(device)  # once for the epoch, so that no batch waits for the host
        flips = self._flips(order, device)
        places = self._order.captions() if self._data.captions is not None and self._order is not None else None
        if self.repeats:
            again = torch.arange(len(self) * self.batch_size) % len(rows)
            rows = rows[again.to(rows.device)]
            flips, places = (None if each is None else each[again.to(each.device)] for each in (flips, places))
        for k in self.left():
            mine = slice(k * self.batch_size + self._shard.rank, (k + 1) * self.batch_size, self._shard.world)
            flipped, texts = (None if each is None else each[mine] for each in (flips, places))
            yield self._data.batch(rows[mine], flipped, self._convert, texts)

    def _flips(self, order: Tensor | None, device: torch.device) -> Tensor | None:
        """(n,) bool: whether the item at each place of the epoch's order is mirrored."""
        if self._order is None or order is None or self._mirrored is None:
            return None
        return (self._order.flips() & self._mirrored[order]).to(device)


def tell_of_unmirrored(loaders: Sequence[TrainLoader], n: int) -> None:
    """Tell a person how many of the `n` items of all loaders are never mirrored, where some are not."""
    if kept := sum(loader.unmirrored for loader in loaders):
        note = f"{kept} of {n} training items are never mirrored: their captions say left, right or clockwise"
        warnings.warn(note, Notice, stacklevel=3)


class EvalLoader:
    """All items once, in their order, in batches of nearly equal size (none larger than `batch_size`).

    Several processes take shares of every batch; no item is seen twice. Its batches have no weights of regions: what is
    measured can be compared between trainings with and without them.
    """

    def __init__(
        self, data: Items, rows: Tensor, batch_size: int, shard: Shard = Shard(), convert: ToModel = to_model,  # noqa: B008
    ) -> None:  # fmt: skip
        self.batch_size = batch_size
        self._data, self._rows, self._shard, self._convert = data._replace(weights=None), rows, shard, convert

    def __len__(self) -> int:
        return -(-len(self._rows) // self.batch_size)

    def __iter__(self) -> Iterator[Batch]:
        for rows in torch.tensor_split(self._rows.to(self._data.stored.device), len(self)):
            yield self._data.batch(rows[self._shard.rank :: self._shard.world], convert=self._convert)
