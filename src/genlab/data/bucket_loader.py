"""Training batches from several sets of items, each batch from one of them, in an order that mixes them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import torch
from torch import Tensor

from genlab.data.batch import Batch
from genlab.data.epochs import ResumableEpochs
from genlab.data.loader import EvalLoader, TrainLoader


class BucketTrainLoader(ResumableEpochs):
    """Epochs of the batches of all `loaders`: each one's in its own order, and whose turn it is at random.

    Resumable in the middle of an epoch, as each of them is.

    Args:
        loaders: one for each bucket.
        seed: of whose turn it is; None takes one after the other, in every epoch.
        done: how many batches of this epoch were trained on, where somebody counts: see ResumableEpochs.
    """

    def __init__(self, loaders: Sequence[TrainLoader], seed: int | None, done: Callable[[], int] | None = None) -> None:
        self.loaders = list(loaders)
        self.batch_size = max(loader.batch_size for loader in loaders)
        self._bucket = torch.repeat_interleave(
            torch.arange(len(self.loaders)), torch.tensor([len(loader) for loader in self.loaders])
        )
        super().__init__(len(self._bucket), seed, done)

    def __len__(self) -> int:
        return len(self._bucket)

    def turns(self) -> Tensor:
        """(batches,) whose each batch of the epoch is."""
        return self._bucket if self._order is None else self._bucket[self._order.permutation()]

    def __iter__(self) -> Iterator[Batch]:
        turns, first = self.turns(), self.first
        for i, loader in enumerate(self.loaders):
            loader.load_state_dict({"epoch": self.epoch, "batches": int((turns[:first] == i).sum())})
        batches = [iter(loader) for loader in self.loaders]
        for k in self.left():
            yield next(batches[int(turns[k])])


class BucketEvalLoader:
    """All items of all buckets once, one bucket after the other."""

    def __init__(self, loaders: Sequence[EvalLoader]) -> None:
        self._loaders = list(loaders)
        self.batch_size = max(loader.batch_size for loader in loaders)

    def __len__(self) -> int:
        return sum(len(loader) for loader in self._loaders)

    def __iter__(self) -> Iterator[Batch]:
        for loader in self._loaders:
            yield from loader
