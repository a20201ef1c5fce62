"""Where in a training a checkpoint stands, read from the counters in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Position:
    """After a batch: every training step up to it is in the weights, and none after it.

    Args:
        done: batches of the whole training.
        epoch: of the last batch, from 0.
        batches: of that epoch, the last batch among them.
        is_last: whether the epoch has no more batches.
        closed: whether what follows a batch (a validation that is due, the end of the epoch) was done as well. It was
            in a checkpoint that is written at the end of a training; in all others it is still to do.
    """

    done: int
    epoch: int
    batches: int
    is_last: bool
    closed: bool

    @classmethod
    def of(cls, fit_loop: Mapping[str, Any]) -> Position:
        """The position that Lightning's counters tell of, as `fit_loop.state_dict()` has them."""
        batch, epoch = fit_loop["epoch_loop.batch_progress"], fit_loop["epoch_progress"]["total"]
        within_batch = batch["total"]["completed"] < batch["total"]["processed"]
        closed = not within_batch and epoch["completed"] >= epoch["started"]
        return cls(
            done=batch["total"]["processed"],
            epoch=epoch["completed"] - closed,
            batches=batch["current"]["processed"],
            is_last=batch["is_last_batch"],
            closed=closed,
        )

    @property
    def epochs(self) -> int:
        """Epochs of which every batch is done."""
        return self.epoch + self.is_last

    def written_into(self, fit_loop: dict[str, Any]) -> dict[str, Any]:
        """The counters with this position alone in them: none says in which of Lightning's hooks they were read."""
        count = ("ready", "started", "processed", "completed")
        batch, validation = fit_loop["epoch_loop.batch_progress"], "epoch_loop.val_loop.batch_progress"
        progress = {
            "epoch_progress": _twice({"ready": self.epoch + 1, "started": self.epoch + 1}
                                     | dict.fromkeys(count[2:], self.epoch + self.closed)),
            "epoch_loop.batch_progress": batch | {
                "total": dict.fromkeys(count, self.done), "current": dict.fromkeys(count, self.batches),
            },
            validation: fit_loop[validation] | _twice(dict.fromkeys(count, 0)) | {"is_last_batch": False},
        }  # fmt: skip
        return fit_loop | progress


def _twice(counts: dict[str, int]) -> dict[str, Any]:
    return {"total": counts, "current": dict(counts)}
