"""Schedules of the learning rate: those of torch and of diffusers, stepped once for each step of their optimiser."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import torch

from genlab.errors import ConfigError

LENGTHS = ("T_max", "total_steps", "total_iters", "num_training_steps")
"""What the libraries call the length of a schedule, in steps. Where it is null, it is that of the training."""
WARM_UPS = ("num_warmup_steps", "total_iters")
"""What they call the length of a warm-up."""


def make_schedule(
    make: Callable[..., Any], optimizer: torch.optim.Optimizer, steps: int | None, is_trial: bool = False
) -> Any:
    """The schedule that `make` describes (`_partial_: true` in a config).

    Args:
        steps: of the optimiser in the whole training; None where nobody knows.
        is_trial: whether the training is a trial of a few batches (`fast_dev_run`), with a warm-up of any length.

    Raises:
        ConfigError: the training has no known length and the schedule needs one; a warm-up is longer than the
            training; or it is no schedule that follows from the number of steps.
    """
    given: Mapping[str, Any] = make.keywords if isinstance(make, partial) else {}
    lengths: dict[str, Any] = {}
    for name in LENGTHS:
        if name in given and given[name] is None:
            if steps is None:
                raise ConfigError(f"lr_scheduler.{name} = null is the length of the training, which is open: give it")
            lengths[name] = steps
    for name in WARM_UPS:
        if not is_trial and steps is not None and name not in lengths and (given.get(name) or 0) > steps:
            raise ConfigError(
                f"lr_scheduler.{name} = {given[name]} is longer than the training, which has {steps} steps"
            )
    schedule = make(optimizer, **lengths)
    schedulers = torch.optim.lr_scheduler
    if not isinstance(schedule, schedulers.LRScheduler) or isinstance(schedule, schedulers.ReduceLROnPlateau):
        raise ConfigError(f"lr_scheduler is {type(schedule).__name__}, which is no schedule by steps: take cosine")
    return schedule


def steps_of_training(trainer: Any, every: int = 1) -> int | None:
    """Steps of an optimiser in a whole training, of a group that steps in every `every`-th; None where it is open.

    A step takes `trainer.accumulate_grad_batches` batches, fewer at the end of an epoch.
    """
    trainer.fit_loop.setup_data()  # so that the number of batches is known
    batches, window = trainer.num_training_batches, trainer.accumulate_grad_batches
    epochs = trainer.fit_loop.max_epochs if (trainer.fit_loop.max_epochs or -1) > 0 else math.inf
    most = trainer.max_steps if trainer.max_steps > 0 else math.inf
    if batches == math.inf:
        return None if most == math.inf else -(-most // window) // every
    total = min(epochs * batches, most)
    if total == math.inf:
        return None
    whole, rest = divmod(int(total), batches)
    return (whole * -(-batches // window) + -(-rest // window)) // every


def require_same_lengths(schedule: Any, lengths: Mapping[str, Any]) -> None:
    """Raise ConfigError where a checkpoint has brought a schedule of another length than this training asks for."""
    for name, length in lengths.items():
        if (brought := getattr(schedule, name, length)) != length:
            raise ConfigError(
                f"the checkpoint goes on with its own lr_scheduler.{name} = {brought}, and this training asks for "
                f"{length}: give lr_scheduler.{name}={brought}, or a training as long as the first"
            )


def lengths_of(schedule: Any) -> dict[str, Any]:
    """The lengths of a schedule, by their names."""
    return {name: getattr(schedule, name) for name in LENGTHS if hasattr(schedule, name)}
