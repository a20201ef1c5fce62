"""Draws what the model can do while it trains: samples/step_000500.png, and the same to the loggers."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytorch_lightning as pl
import torch

from genlab.interop.loggers import log_file
from genlab.models.base import batches_done
from genlab.progress import progress
from genlab.ranges import PositiveInt
from genlab.reports.pictures import draw_all, draw_curve, draw_process
from genlab.runs.store import Run


class Previews(pl.Callback):
    """Grids from the same noise every time, so that they show the training and not the luck of a draw.

    Args:
        run: the run's folder.
        times: how many drawings a training gets, evenly over its epochs; its end, which `train` draws, is one of them.
    """

    def __init__(self, run: Run, times: PositiveInt = 4) -> None:
        self._run, self._times = run, times

    def on_train_epoch_end(self, trainer: pl.Trainer, module: pl.LightningModule) -> None:
        if trainer.fast_dev_run:  # type: ignore[attr-defined]
            return
        epoch, last = trainer.current_epoch + 1, epochs(trainer)
        if last is not None and epoch % math.ceil(last / self._times) == 0 and epoch < last:
            draw(module, trainer.datamodule, self._run, trainer.loggers, batches_done(trainer))  # type: ignore[attr-defined]


def epochs(trainer: pl.Trainer) -> int | None:
    """How many a training has, whether its end is given in epochs or in steps; None where it is given otherwise."""
    given = trainer.max_epochs if trainer.max_epochs and trainer.max_epochs > 0 else math.inf
    batches = trainer.num_training_batches
    last = min(given, math.ceil(trainer.max_steps / batches) if trainer.max_steps > 0 else given)
    return None if last == math.inf else int(last)


def draw(module: Any, data: Any, run: Run, loggers: list[Any], step: int) -> None:
    """Draw a model's pictures into the run folder and show them in every logger; no random state changes."""
    devices = [module.device] if module.device.type == "cuda" else []
    with progress("drawing pictures"), module.averaged(), torch.random.fork_rng(devices):
        pictures: dict[str, Path] = draw_all(module, data, run.samples, f"step_{step:06d}", module.device)
    curve = draw_curve(run)
    pictures |= ({} if curve is None else {"loss": curve}) | draw_process(module, data, run)
    for logger in loggers:
        for name, path in pictures.items():
            log_file(logger, name, path, step)
