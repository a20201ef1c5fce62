"""What every training replaces in Lightning: how checkpoints are written, and who queues a job of SLURM again."""

from __future__ import annotations

from typing import Any

from pytorch_lightning.plugins.environments import SLURMEnvironment

from genlab.runs.checkpoint_io import AtomicCheckpointIO


def plugins() -> list[Any]:
    """Lightning's plugins of a training.

    Inside a job of SLURM, Lightning would catch the scheduler's signals, write a checkpoint of its own name and queue
    the job again; submitit does that too, and the two fight. genlab saves (runs.signals), submitit queues.
    """
    slurm = [SLURMEnvironment(auto_requeue=False)] if SLURMEnvironment.detect() else []
    return [AtomicCheckpointIO(), *slurm]
