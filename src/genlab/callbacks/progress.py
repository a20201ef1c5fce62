"""Shows how far a training is, how fast, and when it will end."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import pytorch_lightning as pl

from genlab.models.base import batches_done
from genlab.progress import LOG_SECONDS, TERMINAL_SECONDS, Line, clock
from genlab.ranges import PositiveFloat


class Progress(pl.Callback):
    """One line, rewritten in place on a terminal and printed now and then elsewhere.

    Args:
        name: what stands before the numbers.
        terminal_seconds: between two updates on a terminal.
        log_seconds: between two lines elsewhere.
    """

    def __init__(
        self,
        name: str = "train",
        terminal_seconds: PositiveFloat = TERMINAL_SECONDS,
        log_seconds: PositiveFloat = LOG_SECONDS,
    ) -> None:
        self._name = name
        self._line = Line()
        self._interval = terminal_seconds if self._line.in_place else log_seconds
        self._last = self._begin = 0.0
        self._begin_step = 0

    def on_train_start(self, trainer: pl.Trainer, module: pl.LightningModule) -> None:
        self._begin = self._last = time.monotonic()
        self._begin_step = batches_done(trainer)

    def on_train_batch_end(
        self, trainer: pl.Trainer, module: pl.LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        now = time.monotonic()
        if now - self._last >= self._interval and isinstance(outputs, Mapping) and outputs:
            self._last = now
            self._show(trainer, now, "loss" if "loss" in outputs else next(iter(outputs)), outputs)

    def on_train_end(self, trainer: pl.Trainer, module: pl.LightningModule) -> None:
        self._line.keep()

    def _show(self, trainer: pl.Trainer, now: float, term: str, outputs: Mapping[str, Any]) -> None:
        loss = f"{term} {float(outputs[term]):.4g}"
        step = batches_done(trainer)
        done, elapsed = step - self._begin_step, now - self._begin
        rate = done / elapsed if elapsed else 0.0
        total = self._total(trainer)
        text = f"{self._name}: epoch {trainer.current_epoch + 1}"
        if (trainer.max_epochs or -1) > 0:
            text += f"/{trainer.max_epochs}"
        if total:
            left = (total - step) / rate if rate else 0.0
            text += f"  {100 * step / total:3.0f} %  step {step}/{total}  {loss}"
            text += f"  {rate:.1f} steps/s  {clock(left)} left"
        else:
            text += f"  step {step}  {loss}  {rate:.1f} steps/s  {clock(elapsed)}"
        self._line.put(text)

    @staticmethod
    def _total(trainer: pl.Trainer) -> int | None:
        steps = trainer.max_steps if trainer.max_steps > 0 else None
        if (trainer.max_epochs or -1) > 0:
            epochs = int(trainer.max_epochs or 0) * int(trainer.num_training_batches)
            steps = epochs if steps is None else min(steps, epochs)
        return steps
