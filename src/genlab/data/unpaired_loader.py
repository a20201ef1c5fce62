"""Training batches from two sets of items at once, which nothing pairs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import chain, repeat

from torch.utils.data import SequentialSampler

from genlab.data.batch import Batch
from genlab.data.loader import EpochOrder, EvalLoader, TrainLoader


class UnpairedTrainLoader:
    """Epochs as long as the longer of two loaders' (with `other` from the second one): each in an order of its own.

    The shorter one begins again within the epoch, in another order each time. Resumable in the middle of an epoch.

    Args:
        a, b: whose batches become `x` and `other`; their seeds must differ, or sets of one size would be paired.
        seed: None gives the same epoch each time (for overfitting), as of the loaders.
        done: how many batches of this epoch were trained on, where somebody counts: see TrainLoader.
    """

    batch_sampler = None  # Lightning looks for it beside `sampler`

    def __init__(
        self, a: TrainLoader, b: TrainLoader, seed: int | None, done: Callable[[], int] | None = None
    ) -> None:  # fmt: skip
        self._loaders = a, b
        self.batch_size = a.batch_size
        self._epochs = None if seed is None else EpochOrder(len(self), seed)
        self.sampler: EpochOrder | SequentialSampler = self._epochs or SequentialSampler(range(len(self)))
        self._done = done
        self._handed_out = 0
        self._resume: tuple[int, int] | None = None  # epoch, batches to skip

    def __len__(self) -> int:
        return max(map(len, self._loaders))

    @property
    def epoch(self) -> int:
        return 0 if self._epochs is None else self._epochs.epoch

    def set_epoch(self, epoch: int) -> None:
        """Choose the epoch that the next iteration goes through."""
        if self._epochs is not None:
            self._epochs.set_epoch(epoch)

    def __iter__(self) -> Iterator[Batch]:
        resume, self._resume = self._resume, None
        first = 0 if resume is None or resume[0] != self.epoch else resume[1]
        self._handed_out = first
        a, b = (self._from(loader, first) for loader in self._loaders)
        for k in range(first, len(self)):
            self._handed_out = k + 1
            yield Batch(next(a).x, other=next(b).x)

    def _from(self, loader: TrainLoader, first: int) -> Iterator[Batch]:
        """The batches of one loader in this epoch from number `first` on; each pass is an epoch of its own."""
        passes = -(-len(self) // len(loader))
        begun, within = divmod(first, len(loader))

        def one(number: int) -> Iterator[Batch]:
            at = within if number == begun else 0
            loader.load_state_dict({"epoch": self.epoch * passes + number, "batches": at})
            yield from loader

        return chain.from_iterable(one(number) for number in range(begun, passes))

    def state_dict(self) -> dict[str, int]:
        """The epoch, and how many of its batches need not be seen again."""
        return {"epoch": self.epoch, "batches": self._handed_out if self._done is None else self._done()}

    def load_state_dict(self, state: dict[str, int]) -> None:
        """Go on where `state` was taken, provided that the next iteration is of the same epoch."""
        self._resume = (state["epoch"], state["batches"])
        self.set_epoch(state["epoch"])


class UnpairedEvalLoader:
    """All items of the longer of two sets once, in their order; the shorter one begins again."""

    def __init__(self, a: EvalLoader, b: EvalLoader) -> None:
        self._loaders = a, b
        self.batch_size = a.batch_size

    def __len__(self) -> int:
        return max(map(len, self._loaders))

    def __iter__(self) -> Iterator[Batch]:
        a, b = (chain.from_iterable(repeat(loader)) for loader in self._loaders)
        for _ in range(len(self)):
            yield Batch(next(a).x, other=next(b).x)
