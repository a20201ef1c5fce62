"""Imports what the jobs of a sweep need, once, before the fork: a small job spends most of its time on imports."""

from __future__ import annotations

import contextlib
import importlib
from collections.abc import Sequence

from omegaconf import DictConfig, OmegaConf

_EVERY_JOB = (
    "torchmetrics", "pytorch_lightning", "matplotlib.backends.backend_agg", "genlab.callbacks.history",
    "genlab.editing.latent", "genlab.interop.loggers", "genlab.reports.curves", "genlab.reports.pictures",
    "genlab.runs.job", "genlab.runs.plugins", "genlab.runs.restore",
)  # fmt: skip


def preimport(jobs: Sequence[DictConfig]) -> None:
    """Import what every training uses, and the modules of the parts that `jobs` name (they have been checked).

    Nothing is computed: a process that has started threads must not be forked.
    """
    from genlab.config.rules import rules
    from genlab.runs.estimate import targets

    rules()  # of all packages: each job is checked again

    named = set()
    for job in jobs:
        parts = OmegaConf.to_container(OmegaConf.masked_copy(job, [str(key) for key in job if key != "hydra"]))
        named |= {target.rpartition(".")[0] for target in targets(parts)}
    for module in (*_EVERY_JOB, *sorted(named)):
        with contextlib.suppress(ImportError):  # the job that needs it says so
            importlib.import_module(module)
