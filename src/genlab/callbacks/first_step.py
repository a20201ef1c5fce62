"""Tells the record of a run that its training is under way."""

from __future__ import annotations

from typing import Any

import pytorch_lightning as pl

from genlab.runs.record import Record


class FirstStep(pl.Callback):
    """Notes that a training has taken a step: an error from then on counts as a try of the run."""

    def __init__(self, record: Record) -> None:
        self._record = record

    def on_train_batch_end(
        self, trainer: pl.Trainer, module: pl.LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        self._record.has_stepped = True
