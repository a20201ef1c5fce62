"""Trainings in processes that Lightning starts: signals go on to them, and their last checkpoint comes back."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path
from signal import SIGTERM
from typing import Any

import pytorch_lightning as pl
from pytorch_lightning.strategies.launchers import _MultiProcessingLauncher

from genlab import signals
from genlab.runs import checkpoint_io
from genlab.runs.restore import load_weights
from genlab.runs.store import Run


def fit(trainer: pl.Trainer, module: pl.LightningModule, data: pl.LightningDataModule, resumed: Path | None) -> None:
    """Train from a checkpoint, or from the beginning.

    Raises:
        Interrupted: a signal has ended the training, here or in the processes that trained.
    """
    launcher = trainer.strategy.launcher
    if launcher is not None:
        signals.follow(lambda _: launcher.kill(SIGTERM))  # a terminal's Ctrl-C has reached them: no second one
    trains_elsewhere = isinstance(launcher, _MultiProcessingLauncher)
    try:
        with signals.uncut() if trains_elsewhere else nullcontext():  # they save and end, and this process waits
            trainer.fit(module, data, ckpt_path=resumed, weights_only=True)
    except Exception:
        if trains_elsewhere:
            signals.end_if_signalled()  # what Lightning says of processes that have ended
        raise


def take_over(trainer: pl.Trainer, module: pl.LightningModule, run: Run) -> int:
    """The steps of a training; where they were taken elsewhere, `module` and callbacks get its state.

    Of `trainer=ddp_sim` Lightning hands back the raw weights alone: no averaged ones, no counters, no callback's state.
    """
    if trainer.global_step > 0 or (checkpoint := run.checkpoint()) is None:
        return trainer.global_step
    content: dict[str, Any] = checkpoint_io.load(checkpoint)
    load_weights(module, checkpoint)
    for callback in trainer.callbacks:  # type: ignore[attr-defined]
        if (state := content["callbacks"].get(callback.state_key)) is not None:
            callback.load_state_dict(state)
    return int(content["global_step"])
