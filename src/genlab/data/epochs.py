"""In which order an epoch goes through its items, and how far in it a training is."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import torch
from torch import Tensor
from torch.utils.data import SequentialSampler

from genlab.randomness import fold_in


class EpochOrder:
    """The order of an epoch, from (seed, epoch). Lightning calls `set_epoch` on a loader's `sampler`."""

    def __init__(self, n: int, seed: int) -> None:
        self.n = n
        self.seed = seed
        self.epoch = 0

    def set_epoch(self, epoch: int) -> None:
        self.epoch = epoch

    def permutation(self) -> Tensor:
        """(n,) int64."""
        return torch.randperm(self.n, generator=self._generator("order"))

    def flips(self) -> Tensor:
        """(n,) bool: whether the item at each place of the order is mirrored."""
        return torch.rand(self.n, generator=self._generator("flip")) < 0.5

    def captions(self) -> Tensor:
        """(n,) in [0, 1): which of its captions the item at each place of the order gets."""
        return torch.rand(self.n, generator=self._generator("caption"))

    def _generator(self, purpose: str) -> torch.Generator:
        return torch.Generator().manual_seed(fold_in(self.seed, purpose, self.epoch))


class ResumableEpochs:
    """What loaders of training batches share: whose order the epochs have, and which batches are left of one.

    Resumable in the middle of an epoch.

    Args:
        n: what is ordered: items, or batches.
        seed: of the order; None gives the same order in every epoch (for overfitting).
        done: how many batches of this epoch were trained on, where somebody counts; a checkpoint written when a
            step fails must not count the batch of that step, although it was handed out.
    """

    batch_sampler = None  # Lightning looks for it beside `sampler`

    def __init__(self, n: int, seed: int | None, done: Callable[[], int] | None) -> None:
        self._order = None if seed is None else EpochOrder(n, seed)
        self.sampler: EpochOrder | SequentialSampler = self._order or SequentialSampler(range(n))
        self._done = done
        self._handed_out = 0
        self._resume: tuple[int, int] | None = None  # epoch, batches to skip

    def __len__(self) -> int:
        """Batches of an epoch."""
        raise NotImplementedError

    @property
    def epoch(self) -> int:
        return 0 if self._order is None else self._order.epoch

    def set_epoch(self, epoch: int) -> None:
        """Choose the epoch that the next iteration goes through."""
        if self._order is not None:
            self._order.set_epoch(epoch)

    def left(self) -> Iterator[int]:
        """The numbers of the batches that are left of the epoch, each counted as handed out when it is asked for.

        Where it goes on is said once: the iteration after this one is whole.
        """
        first, self._resume = self.first, None
        self._handed_out = first
        for k in range(first, len(self)):
            self._handed_out = k + 1
            yield k

    @property
    def first(self) -> int:
        """The number of the batch that the next iteration begins with."""
        return 0 if self._resume is None or self._resume[0] != self.epoch else self._resume[1]

    def state_dict(self) -> dict[str, int]:
        """The epoch, and how many of its batches need not be seen again."""
        return {"epoch": self.epoch, "batches": self._handed_out if self._done is None else self._done()}

    def load_state_dict(self, state: dict[str, int]) -> None:
        """Go on where `state` was taken, provided that the next iteration is of the same epoch."""
        self._resume = (state["epoch"], state["batches"])
        self.set_epoch(state["epoch"])
