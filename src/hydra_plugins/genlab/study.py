"""A search's memory: an Optuna study in a journal of its own, which a search continues from."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from hydra.core.override_parser.types import IntervalSweep, Override, RangeSweep

from genlab.errors import ConfigError, listed, nearest

_AGAIN = "to run again"  # attribute of a study: numbers of trials that were cut short; they do not count


class Study:
    """Asks Optuna for values of `space`, and tells it what became of them.

    Everything is minimised: a metric that is better when higher is told with its sign changed.

    Args:
        folder: holds study.journal; owned by this process alone, so that a trial still "running" was cut short.
        space: key -> its swept word.
        metrics: what is minimised, a name each.
        algorithm: "tpe" or "random".
        seed: of the algorithm.

    Raises:
        ConfigError: the folder's study searched another space or other metrics.
    """

    def __init__(
        self, folder: Path, space: Mapping[str, Override], metrics: Sequence[str], algorithm: str, seed: int
    ) -> None:
        optuna = import_optuna()
        self._states = optuna.trial.TrialState
        self._space, self._metrics = dict(space), list(metrics)
        self.journal = folder / "study.journal"
        backend = optuna.storages.journal.JournalFileBackend(str(self.journal))
        self._study = optuna.create_study(
            study_name=folder.name, storage=optuna.storages.JournalStorage(backend), load_if_exists=True,
            directions=["minimize"] * len(self._metrics),
        )  # fmt: skip
        self._agree(folder)
        for trial in self._study.get_trials(states=(self._states.RUNNING,)):
            self.again(trial)
        samplers = {"tpe": optuna.samplers.TPESampler, "random": optuna.samplers.RandomSampler}
        self._study.sampler = samplers[algorithm](seed=seed + len(self._study.trials))  # no start is drawn twice

    def _agree(self, folder: Path) -> None:
        question = {"space": sorted(str(o.input_line) for o in self._space.values()), "metrics": self._metrics}
        for key, value in question.items():
            before = self._study.user_attrs.get(key, value)
            if before != value:
                raise ConfigError(f"{folder} searched {key} {before}, not {value}: give another sweep=NAME")
            self._study.set_user_attr(key, value)

    def ask(self, n: int) -> list[Any]:
        """n new trials, numbered one after another."""
        trials = [self._study.ask() for _ in range(n)]
        for trial in trials:
            for key, override in self._space.items():
                _suggest(trial, key, override)
        return trials

    def words(self, trial: Any) -> list[str]:
        """The overrides of a trial."""
        return [f"{key}={trial.params[key]}" for key in self._space]

    # ---- what became of a trial ---------------------------------------------------------------------

    def observe(self, trial: Any, curve: Mapping[int, float]) -> None:
        """Note how a trial went: epoch -> a number to minimise; what a pruner compares others with."""
        for epoch, value in curve.items():
            trial.report(value, epoch)

    def score(self, trial: Any, scores: Mapping[str, Any]) -> None:
        """Tell the scores of a trial: metric -> {"value", "better"}; one that is not finite makes it a failed trial.

        Raises:
            ConfigError: a metric is not among them.
        """
        for name in self._metrics:
            if name not in scores:
                self.fail(trial)
                raise ConfigError(f"metric = {name!r} is not in the record{nearest(name, scores)} ({listed(scores)})")
            trial.set_user_attr(name, scores[name]["value"])
        values = [(-1 if scores[n]["better"] == "higher" else 1) * float(scores[n]["value"]) for n in self._metrics]
        if all(math.isfinite(number) for number in values):
            self._study.tell(trial.number, values)
        else:
            self.fail(trial)

    def fail(self, trial: Any) -> None:
        """Tell that a trial failed."""
        self._study.tell(trial.number, state=self._states.FAIL)

    def prune(self, trial: Any) -> None:
        """Tell that a trial was ended early because others were better at the same epoch."""
        self._study.tell(trial.number, state=self._states.PRUNED)

    def again(self, trial: Any) -> None:
        """A trial that was cut short counts as none; its values come next, and its run is resumed."""
        self._study.set_user_attr(_AGAIN, [*self._study.user_attrs.get(_AGAIN, []), trial.number])
        self.fail(trial)
        self._study.enqueue_trial(trial.params)

    # ---- how the search stands ----------------------------------------------------------------------

    @property
    def finished(self) -> list[Any]:
        """The trials that count: completed, pruned or failed, not cut short."""
        again = set(self._study.user_attrs.get(_AGAIN, []))
        return [trial for trial in self._study.trials if trial.state.is_finished() and trial.number not in again]

    @property
    def has_a_success(self) -> bool:
        return bool(self._study.get_trials(states=(self._states.COMPLETE,)))

    def report(self, n_trials: int) -> str:
        """How many trials ended how, and the best: with several metrics all that no other beats in each."""
        finished = self.finished
        failed, pruned = (sum(t.state == state for t in finished) for state in (self._states.FAIL, self._states.PRUNED))
        counts = f"{len(finished)} of {n_trials} trials, {failed} failed" + (f", {pruned} pruned" if pruned else "")
        lines = [f"{self._study.study_name}: {counts}; journal {self.journal}"]
        for trial in self._study.best_trials if self.has_a_success else []:
            scores = ", ".join(f"{name} {trial.user_attrs[name]:.5g}" for name in self._metrics)
            lines.append(f"best: {scores} with {' '.join(f'{key}={value}' for key, value in trial.params.items())}")
        return "\n".join(lines)


def _suggest(trial: Any, key: str, override: Override) -> Any:
    """A value for `key` from the space of its sweep."""
    sweep = override.value()
    if isinstance(sweep, IntervalSweep):
        log = "log" in sweep.tags
        if isinstance(sweep.start, int) and isinstance(sweep.end, int):
            return trial.suggest_int(key, sweep.start, sweep.end, log=log)
        return trial.suggest_float(key, sweep.start, sweep.end, log=log)
    if isinstance(sweep, RangeSweep) or override.is_discrete_sweep():
        return trial.suggest_categorical(key, list(override.sweep_string_iterator()))
    raise ConfigError(f"{override.input_line} is no space to search: choice(...), interval(...) or range(...)")


def import_optuna() -> Any:
    """Optuna, quiet.

    Raises:
        ConfigError: it is not installed.
    """
    try:
        import optuna
    except ImportError as error:
        raise ConfigError("hparams_search needs Optuna: pip install 'genlab[sweep]'") from error
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    return optuna
