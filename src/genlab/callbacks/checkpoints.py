"""Saves the state of a training: the last two, and the best by a metric."""

from __future__ import annotations

import os
import time
from typing import Any, Literal

import pytorch_lightning as pl
from pytorch_lightning.callbacks import Checkpoint

from genlab.config.ranges import PositiveFloat, PositiveInt
from genlab.families.base import batches_done
from genlab.runs.store import Run, digests_file


class Checkpoints(Checkpoint):
    """Writes checkpoints/last.ckpt; the one before it stays as previous.ckpt, the best as best.ckpt.

    Args:
        run: the run's folder.
        every_minutes: how much training time a crash may cost.
        every_n_steps: save at these steps as well.
        monitor: a logged metric; None keeps no best checkpoint.
        mode: whether its lower or higher values are better.
    """

    def __init__(
        self,
        run: Run,
        every_minutes: PositiveFloat = 2.0,
        every_n_steps: PositiveInt | None = None,
        monitor: str | None = None,
        mode: Literal["min", "max"] = "min",
    ) -> None:
        self._folder = run.checkpoints
        self._every_seconds = 60 * every_minutes
        self._every_n_steps = every_n_steps
        self._monitor, self._sign = monitor, 1 if mode == "min" else -1
        self._best: float | None = None
        self._saved_at = time.monotonic()
        self._saved_step = -1

    def on_train_start(self, trainer: pl.Trainer, module: pl.LightningModule) -> None:
        self._saved_at = time.monotonic()

    def on_train_batch_end(
        self, trainer: pl.Trainer, module: pl.LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        step = batches_done(trainer)
        by_step = self._every_n_steps is not None and step % self._every_n_steps == 0
        if by_step or time.monotonic() - self._saved_at >= self._every_seconds:
            self.save(trainer)

    def on_train_end(self, trainer: pl.Trainer, module: pl.LightningModule) -> None:
        self.save(trainer)

    def on_validation_end(self, trainer: pl.Trainer, module: pl.LightningModule) -> None:
        if self._monitor is None or trainer.sanity_checking:
            return
        if self._monitor not in trainer.callback_metrics:
            known = ", ".join(sorted(trainer.callback_metrics))
            raise ValueError(f"callbacks.checkpoints.monitor = {self._monitor!r} is not logged; there is {known}")
        value = self._sign * float(trainer.callback_metrics[self._monitor])
        if self._best is None or value < self._best:
            self._best = value
            trainer.save_checkpoint(self._folder / "best.ckpt", weights_only=False)

    def save(self, trainer: pl.Trainer) -> None:
        """Write last.ckpt, unless this step is already in it."""
        if self._saved_step == batches_done(trainer):
            return
        last, previous = self._folder / "last.ckpt", self._folder / "previous.ckpt"
        if trainer.is_global_zero and last.exists() and digests_file(last).exists():
            os.replace(digests_file(last), digests_file(previous))
            os.replace(last, previous)
        trainer.save_checkpoint(last, weights_only=False)  # the whole state, not the weights alone
        self._saved_at, self._saved_step = time.monotonic(), batches_done(trainer)

    def state_dict(self) -> dict[str, Any]:
        return {"best": self._best}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        self._best = state_dict["best"]


def save_now(trainer: pl.Trainer) -> None:
    """Have a training that is about to end write its state, if it keeps checkpoints."""
    for callback in trainer.callbacks:  # type: ignore[attr-defined]
        if isinstance(callback, Checkpoints):
            callback.save(trainer)
