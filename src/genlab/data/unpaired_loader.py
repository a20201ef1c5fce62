"""Training batches from two sets of items at once, which nothing pairs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import chain, repeat

from genlab.data.batch import Batch
from genlab.data.epochs import ResumableEpochs
from genlab.data.loader import EvalLoader, TrainLoader


class UnpairedTrainLoader(ResumableEpochs):
    """Epochs as long as the longer of two loaders' (with `other` from the second one): each in an order of its own.

    The shorter one begins again within the epoch, in another order each time. Resumable in the middle of an epoch.

    Args:
        a, b: whose batches become `x` and `other`; their seeds must differ, or sets of one size would be paired.
        seed: None gives the same epoch each time (for overfitting), as of the loaders.
        done: how many batches of this epoch were trained on, where somebody counts: see ResumableEpochs.
    """

    def __init__(
        self, a: TrainLoader, b: TrainLoader, seed: int | None, done: Callable[[], int] | None = None
    ) -> None:  # fmt: skip
        self._loaders = a, b
        self.batch_size = a.batch_size
        super().__init__(len(self), seed, done)

    def __len__(self) -> int:
        return max(map(len, self._loaders))

    def __iter__(self) -> Iterator[Batch]:
        first = self.first
        a, b = (self._from(loader, first) for loader in self._loaders)
        for _ in self.left():
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
