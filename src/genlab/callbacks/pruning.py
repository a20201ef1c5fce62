"""Ends a trial of a search early when the others were better at the same epoch: half of a search's time, kept.

Paper: https://doi.org/10.1145/3097983.3098043
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any, Literal

import pytorch_lightning as pl

from genlab.callbacks.checkpoints import save_now
from genlab.errors import ConfigError, listed
from genlab.ranges import NonNegativeInt
from genlab.runs import history
from genlab.runs.store import Run
from genlab.runs.sweeps import Sweep
from genlab.training_stopped import Ended


class Pruned(Ended):
    """The trial was worse than others at the same epoch; its state is saved, and the next request resumes it."""

    status = "pruned"
    exit_status = 0


class Pruning(pl.Callback):
    """After each validation, Optuna's median pruner compares this run's history with the study's finished trials.

    A run is pruned where the best value it has had so far is worse than the median of the other trials at this epoch
    (Golovin et al., 2017, section 3.2). The callback only reads the study: the search writes
    the histories into it, so that a job that is killed at any moment leaves the study whole.

    Args:
        run: the run's folder.
        sweep: name of the search; its study lies in the same store.
        metric: of the validation, by its name in history.jsonl.
        mode: whether its lower or higher values are better.
        startup_trials: no trial is pruned before so many are completed.
        warmup_epochs: no trial is pruned in its first epochs.
    """

    def __init__(
        self,
        run: Run,
        sweep: str,
        metric: str = "val/loss",
        mode: Literal["min", "max"] = "min",
        startup_trials: NonNegativeInt = 5,
        warmup_epochs: NonNegativeInt = 5,
    ) -> None:
        self._file = run.history_file
        self._folder = Sweep(run.path.parents[1], sweep).folder
        self._metric, self._mode = metric, mode
        self._startup_trials, self._warmup_epochs = startup_trials, warmup_epochs
        self._reason = ""

    def on_validation_end(self, trainer: pl.Trainer, module: pl.LightningModule) -> None:
        if trainer.sanity_checking:
            return
        if self._metric not in trainer.callback_metrics:
            names = listed(sorted(name for name in trainer.callback_metrics if name.startswith("val/")))
            raise ConfigError(f"callbacks.pruning.metric = {self._metric!r} is not logged; there is {names}")
        values = curve(self._file, self._metric, self._mode)
        if values and self._is_hopeless(values):
            value = float(trainer.callback_metrics[self._metric])
            self._reason = f"{self._metric} = {value:.5g} after epoch {max(values) + 1}: half of the trials were better"

    def on_train_batch_end(
        self, trainer: pl.Trainer, module: pl.LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        if self._reason:  # here, where a checkpoint resumes bit for bit; after the last epoch the run is completed
            save_now(trainer)
            raise Pruned(self._reason)

    def _is_hopeless(self, values: dict[int, float]) -> bool:
        import optuna
        from optuna.storages.journal import JournalFileBackend

        optuna.logging.set_verbosity(optuna.logging.WARNING)
        backend = JournalFileBackend(str(self._folder / "study.journal"))
        study = optuna.load_study(study_name=self._folder.name, storage=optuna.storages.JournalStorage(backend))
        trial = optuna.trial.create_trial(state=optuna.trial.TrialState.RUNNING, intermediate_values=values)
        return optuna.pruners.MedianPruner(self._startup_trials, self._warmup_epochs).prune(study, trial)


def curve(file: Path, metric: str, mode: Literal["min", "max"]) -> dict[int, float]:
    """Epoch -> the last value of a metric in a history, its sign changed where higher is better."""
    sign = 1 if mode == "min" else -1
    values = {line["epoch"]: sign * float(line[metric]) for line in history.read(file) if metric in line}
    return {epoch: value for epoch, value in values.items() if math.isfinite(value)}
