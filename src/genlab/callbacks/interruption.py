"""Ends a training cleanly when a signal asks for it: the step is finished, the state saved."""

from __future__ import annotations

import signal
import threading
from types import FrameType
from typing import Any

import pytorch_lightning as pl

from genlab.callbacks.checkpoints import save_now
from genlab.callbacks.ending import Ended

_SCHEDULER = tuple(getattr(signal, name) for name in ("SIGUSR1", "SIGUSR2") if hasattr(signal, name))
"""Sent by SLURM before preemption or the time limit, as asked by `sbatch --signal`; submitit asks for USR2."""


class Interrupted(Ended):
    """A signal asked the training to end; its state is saved."""

    status = "interrupted"

    def __init__(self, signal_number: int) -> None:
        super().__init__(f"interrupted by {signal.Signals(signal_number).name}; the same command resumes it")
        self.exit_status = 128 + signal_number  # what a shell expects: 130 for Ctrl-C, 143 for SIGTERM


class Interruption(pl.Callback):
    """Catches SIGINT, SIGTERM and a scheduler's signals while training; a second SIGINT ends the process at once.

    What has caught a scheduler's signal before (submitit, which then queues the job again) is called when the state
    is saved.
    """

    def __init__(self) -> None:
        self._received: int | None = None
        self._handlers: dict[int, Any] = {}

    def on_train_start(self, trainer: pl.Trainer, module: pl.LightningModule) -> None:
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM, *_SCHEDULER):
                self._handlers[number] = signal.signal(number, self._handle)

    def _handle(self, number: int, frame: FrameType | None) -> None:
        if self._received is not None and number == signal.SIGINT:
            signal.signal(signal.SIGINT, signal.SIG_DFL)
            signal.raise_signal(signal.SIGINT)
        self._received = number

    def on_train_batch_end(
        self, trainer: pl.Trainer, module: pl.LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        self._end(trainer)

    def on_train_end(self, trainer: pl.Trainer, module: pl.LightningModule) -> None:
        self._end(trainer)  # a signal during the last validation

    def _end(self, trainer: pl.Trainer) -> None:
        if (received := self._received) is None:
            return
        save_now(trainer)
        before = self._handlers.get(received)
        if received in _SCHEDULER and callable(before):
            try:
                before(received, None)
            except Exception as refusal:  # it was queued too often; a SystemExit says that it is queued again
                raise Interrupted(received) from refusal
        raise Interrupted(received)

    def teardown(self, trainer: pl.Trainer, module: pl.LightningModule, stage: str) -> None:
        for number, handler in self._handlers.items():
            signal.signal(number, handler)
        self._handlers.clear()
