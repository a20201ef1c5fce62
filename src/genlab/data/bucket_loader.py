"""Training batches from several sets of items, each batch from one of them, in an order that mixes them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import torch
from torch import Tensor
from torch.utils.data import SequentialSampler

from genlab.data.batch import Batch
from genlab.data.loader import EpochOrder, EvalLoader, TrainLoader


class BucketTrainLoader:
    """Epochs of the batches of all `loaders`: each one's in its own order, and whose turn it is at random.

    Resumable in the middle of an epoch, as each of them is.

    Args:
        loaders: one for each bucket.
        seed: of whose turn it is; None takes one after the other, in every epoch.
        done: how many batches of this epoch were trained on, where somebody counts: see TrainLoader.
    """

    batch_sampler = None  # Lightning looks for it beside `sampler`

    def __init__(self, loaders: Sequence[TrainLoader], seed: int | None, done: Callable[[], int] | None = None) -> None:
        self.loaders = list(loaders)
        self.batch_size = max(loader.batch_size for loader in loaders)
        self._bucket = torch.repeat_interleave(
            torch.arange(len(self.loaders)), torch.tensor([len(loader) for loader in self.loaders])
        )
        self._order = None if seed is None else EpochOrder(len(self._bucket), seed)
        self.sampler: EpochOrder | SequentialSampler = self._order or SequentialSampler(range(len(self._bucket)))
        self._done = done
        self._handed_out = 0
        self._resume: tuple[int, int] | None = None  # epoch, batches to skip

    def __len__(self) -> int:
        return len(self._bucket)

    @property
    def epoch(self) -> int:
        return 0 if self._order is None else self._order.epoch

    def set_epoch(self, epoch: int) -> None:
        """Choose the epoch that the next iteration goes through."""
        if self._order is not None:
            self._order.set_epoch(epoch)

    def turns(self) -> Tensor:
        """(batches,) whose each batch of the epoch is."""
        return self._bucket if self._order is None else self._bucket[self._order.permutation()]

    def __iter__(self) -> Iterator[Batch]:
        turns, resume, self._resume = self.turns(), self._resume, None
        first = 0 if resume is None or resume[0] != self.epoch else resume[1]
        for i, loader in enumerate(self.loaders):
            loader.load_state_dict({"epoch": self.epoch, "batches": int((turns[:first] == i).sum())})
        batches = [iter(loader) for loader in self.loaders]
        self._handed_out = first
        for k in range(first, len(turns)):
            self._handed_out = k + 1
            yield next(batches[int(turns[k])])

    def state_dict(self) -> dict[str, int]:
        """The epoch, and how many of its batches need not be seen again."""
        return {"epoch": self.epoch, "batches": self._handed_out if self._done is None else self._done()}

    def load_state_dict(self, state: dict[str, int]) -> None:
        """Go on where `state` was taken, provided that the next iteration is of the same epoch."""
        self._resume = (state["epoch"], state["batches"])
        self.set_epoch(state["epoch"])


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
