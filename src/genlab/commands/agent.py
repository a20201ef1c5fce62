"""Sends the scores of a run trained before to the agent of a W&B sweep, and first scores to all loggers."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from omegaconf import DictConfig

if TYPE_CHECKING:
    from genlab.runs.job import Outcome

_LOGGER = "genlab.interop.wandb."


def tell_scores(cfg: DictConfig, outcome: Outcome) -> None:
    """Send the scores of a finished run that `cfg` asks for to those that wait for them, or have not seen them.

    An agent chose the id of its W&B run before `genlab train` began, and its sweep ranks what that run logs: if
    it logged nothing, it would count as a run without a score. The other loggers know the run since its training, and
    get the first scores that it has.
    """
    from genlab.commands.scoring import opened
    from genlab.interop.loggers import log_summary
    from genlab.runs.measurements import file_of, scores
    from genlab.runs.store import Run

    run = Run(outcome.run)
    original, record = run.record(), scores(run, outcome.measurement)
    if original is None or record is None:
        return
    are_first = outcome.worked and file_of(cfg, run, original) == run.record_file
    nodes = {name: node for name, node in (cfg.logger or {}).items() if are_first or _is_of_agent(node)}
    with opened(nodes, list(cfg.allow_targets)) as loggers:
        for logger in loggers:
            log_summary(logger, record, int(original.training.get("steps", 0)))


def _is_of_agent(node: Any) -> bool:
    is_wandb = node is not None and str(node.get("_target_")).startswith(_LOGGER)
    return is_wandb and bool(os.environ.get("WANDB_SWEEP_ID"))
