"""Saves the state of a training: the last two, and the best by a metric."""

from __future__ import annotations

import time
from typing import Any, Literal

import pytorch_lightning as pl
from pytorch_lightning.callbacks import Checkpoint

from genlab.errors import ConfigError
from genlab.models.base import batches_done
from genlab.ranges import PositiveFloat, PositiveInt
from genlab.runs.store import LAST, Run


class Checkpoints(Checkpoint):
    """Writes checkpoints/last.ckpt; the one before it stays as previous.ckpt, the best as best.ckpt.

    Args:
        run: the run's folder.
        every_minutes: how much training time a crash may cost.
        every_n_steps: save at these steps as well.
        monitor: a logged metric; None keeps no best checkpoint.
        mode: whether its lower or higher values are better.
    """

    writes_last = True
    """A training with it can be resumed: `runs.beginning` asks."""

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
        self._saved: tuple[int, int] | None = None

    def on_train_start(self, trainer: pl.Trainer, module: pl.LightningModule) -> None:
        self._saved_at = time.monotonic()

    def on_train_batch_end(
        self, trainer: pl.Trainer, module: pl.LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        by_step = self._every_n_steps is not None and batches_done(trainer) % self._every_n_steps == 0
        if by_step or self._is_late(trainer):
            self.save(trainer)

    def on_train_end(self, trainer: pl.Trainer, module: pl.LightningModule) -> None:
        self.save(trainer)

    def on_validation_end(self, trainer: pl.Trainer, module: pl.LightningModule) -> None:
        if self._monitor is None or trainer.sanity_checking:
            return
        if self._monitor not in trainer.callback_metrics:
            names = ", ".join(sorted(trainer.callback_metrics))
            raise ConfigError(f"callbacks.checkpoints.monitor = {self._monitor!r} is not logged; there is {names}")
        value = self._sign * float(trainer.callback_metrics[self._monitor])
        if self._best is None or value < self._best:
            self._best = value
            trainer.save_checkpoint(self._folder / "best.ckpt", weights_only=False)

    def save(self, trainer: pl.Trainer) -> None:
        """Write last.ckpt, unless this state is already in it; half a step is no state, and is not written."""
        batches: Any = trainer.fit_loop.epoch_loop.batch_progress.total
        state = batches_done(trainer), trainer.fit_loop.epoch_progress.total.completed
        if self._saved == state or batches.ready > batches.processed:
            return
        trainer.save_checkpoint(self._folder / LAST, weights_only=False)  # the whole state, not the weights alone
        self._saved_at, self._saved = time.monotonic(), state

    def _is_late(self, trainer: pl.Trainer) -> bool:
        late = time.monotonic() - self._saved_at >= self._every_seconds
        if trainer.world_size > 1:  # saving takes all processes, whose clocks differ
            late = trainer.strategy.broadcast(late)
        return late

    def state_dict(self) -> dict[str, Any]:
        return {"best": self._best, "monitor": self._monitor}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        if state_dict.get("monitor", self._monitor) == self._monitor and (self._folder / "best.ckpt").exists():
            self._best = state_dict["best"]  # else it is the best of another run, or of another metric


def save_now(trainer: pl.Trainer) -> None:
    """Have a training that is about to end write its state, if it keeps checkpoints."""
    for callback in trainer.callbacks:  # type: ignore[attr-defined]
        if isinstance(callback, Checkpoints):
            callback.save(trainer)
