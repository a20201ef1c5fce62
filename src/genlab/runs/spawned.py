"""What processes that Lightning has spawned leave to the one that waited for them: their last checkpoint."""

from __future__ import annotations

from typing import Any

import pytorch_lightning as pl

from genlab.runs import checkpoint_io
from genlab.runs.restore import load_weights
from genlab.runs.store import Run


def take_over(trainer: pl.Trainer, module: pl.LightningModule, run: Run) -> int:
    """The optimiser's steps of a training; where they were taken elsewhere, `module` and callbacks get its state.

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
