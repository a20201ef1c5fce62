"""Ends a training cleanly when a signal asks for it: the step is finished, the state saved."""

from __future__ import annotations

import time
from contextlib import ExitStack
from signal import SIGTERM
from typing import Any

import pytorch_lightning as pl

from genlab import signals
from genlab.callbacks.checkpoints import save_now

_PATIENCE_SECONDS = 30.0
"""How long a validation may go on after a signal: a scheduler that has sent one does not wait for ever."""


class Interruption(pl.Callback):
    """Has signals wait while training (runs.signals): the step is finished, the state saved, and then the run ends.

    Every training has one, whatever its config says; a config of old that names it gets a second, which waits in the
    same way. A validation that has begun is finished and one more step taken, as its result would be lost; one that
    takes long is left, and what was done since the last checkpoint is repeated.
    """

    def __init__(self) -> None:
        self._waiting: ExitStack | None = None
        self._alone = False
        self._asked_at: float | None = None

    def on_train_start(self, trainer: pl.Trainer, module: pl.LightningModule) -> None:
        self._alone = not signals.is_handled()  # a process that Lightning has started: nobody else handles signals
        self._waiting = ExitStack()
        self._waiting.enter_context(signals.handled())
        signals.take_back()  # from Lightning, which would end the training between any two batches
        self._waiting.enter_context(signals.uncut())

    def on_train_batch_end(
        self, trainer: pl.Trainer, module: pl.LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        self._end_if_signalled(trainer)

    def on_validation_batch_end(self, trainer: pl.Trainer, *_: Any) -> None:
        if self._waiting is None or signals.received() is None or trainer.world_size > 1:
            return
        now = time.monotonic()
        self._asked_at = self._asked_at or now
        if now - self._asked_at > _PATIENCE_SECONDS:
            signals.end()

    def on_train_end(self, trainer: pl.Trainer, module: pl.LightningModule) -> None:
        self._end_if_signalled(trainer)  # a signal during the last validation
        if self._waiting is not None:
            waiting, self._waiting = self._waiting, None
            waiting.close()

    def on_exception(self, trainer: pl.Trainer, module: pl.LightningModule, exception: BaseException) -> None:
        if self._waiting is None:
            return
        waiting, self._waiting = self._waiting, None
        waiting.__exit__(type(exception), exception, exception.__traceback__)  # a signal that waits ends nothing now

    def _end_if_signalled(self, trainer: pl.Trainer) -> None:
        requested = signals.received() is not None
        if trainer.world_size > 1:  # saving takes all processes, and a signal may have reached one
            requested = trainer.strategy.reduce_boolean_decision(requested, all=False)
        if requested:
            save_now(trainer)
            if self._alone:  # its parent waits for it, and knows why it ends
                raise SystemExit(128 + (signals.received() or SIGTERM))
            signals.end()
