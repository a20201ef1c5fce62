"""What the agent of a W&B sweep is told of a run that the store has already."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from omegaconf import DictConfig

if TYPE_CHECKING:
    from genlab.runs.store import Run

_LOGGER = "genlab.interop.wandb."


def tell_agent(cfg: DictConfig, run: Run) -> None:
    """Give a completed run's scores to the W&B run that an agent waits for; without an agent, do nothing.

    The agent chose the id of its run before `genlab train` began, and its sweep ranks what that run logs: answered
    from the store without a word, it would count as a run without a score.
    """
    record = run.record()
    if not os.environ.get("WANDB_SWEEP_ID") or record is None:
        return
    from genlab.config.instantiate import build
    from genlab.interop.loggers import finish, log_summary

    for node in (cfg.logger or {}).values():
        if node is not None and str(node.get("_target_")).startswith(_LOGGER):
            logger = build(node, list(cfg.allow_targets))
            log_summary(logger, record.to_json(), int(record.training.get("steps", 0)))
            finish(logger, record.status)
