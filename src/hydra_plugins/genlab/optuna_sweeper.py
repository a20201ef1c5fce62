"""hparams_search=: a search with Optuna over any metrics of the record, continued from its own journal.

A trial is a run of the store: its folder, resume and retries are the run's own, and the same values asked for twice
cost nothing. A trial that fails is told to the study as failed, and the study goes on.
"""

from __future__ import annotations

import hashlib
import math
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

from hydra.core.config_store import ConfigStore
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import IntervalSweep, Override, RangeSweep
from hydra.core.plugins import Plugins
from hydra.core.utils import JobReturn
from hydra.plugins.sweeper import Sweeper
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig

from genlab.config.errors import ConfigError, listed, nearest
from genlab.config.ranges import NonNegativeInt, PositiveInt
from hydra_plugins.genlab.jobs import launch

ConfigStore.instance().store(
    group="hydra/sweeper",
    name="genlab_optuna",
    node={
        "_target_": "hydra_plugins.genlab.optuna_sweeper.OptunaSweeper",
        "metric": None,
        "n_trials": None,
        "n_jobs": 1,
        "algorithm": "tpe",
        "seed": 0,
        "params": None,
    },
    provider="genlab",
)

_AGAIN = "to run again"  # attribute of a study: numbers of trials that were cut short; they do not count


class OptunaSweeper(Sweeper):
    """Asks Optuna for values, trains with them, tells it the scores, until `n_trials` are finished in all.

    Swept words are the space: `a=choice(2,16)` or `a=2,16`, `a=interval(0,1)`, `a=int(interval(1,8))`,
    `a=tag(log,interval(1e-4,1e-2))`, `a=range(0,10,2)`.

    Args:
        metric: a name of the record's metrics or "seconds", or several of them: then the study keeps the trials that
            no other beats in all. Which way is better, the record says.
        n_trials: finished trials, failed ones included, of the whole study; asked for again, only the rest are run.
        n_jobs: trials that are asked for, and given to the launcher, at a time.
        algorithm: "tpe", the tree-structured Parzen estimator (Bergstra et al., 2011), or "random".
        seed: of the algorithm.
        params: more swept or fixed words, as key -> value.
    """

    def __init__(
        self,
        metric: str | Sequence[str],
        n_trials: PositiveInt,
        n_jobs: PositiveInt = 1,
        algorithm: Literal["tpe", "random"] = "tpe",
        seed: NonNegativeInt = 0,
        params: dict[str, Any] | None = None,
    ) -> None:
        self._metrics = [metric] if isinstance(metric, str) else [str(name) for name in metric]
        self._n_trials, self._n_jobs, self._algorithm, self._seed = n_trials, n_jobs, algorithm, seed
        self._params = dict(params or {})

    def setup(self, *, hydra_context: HydraContext, task_function: TaskFunction, config: DictConfig) -> None:
        self._context, self._task, self._config = hydra_context, task_function, config
        self._launcher = Plugins.instance().instantiate_launcher(
            hydra_context=hydra_context, task_function=task_function, config=config
        )

    def sweep(self, arguments: list[str]) -> Any:
        words = [f"{key}={value}" for key, value in self._params.items()] + arguments
        overrides = OverridesParser.create(config_loader=self._context.config_loader).parse_overrides(words)
        fixed = [str(o.input_line) for o in overrides if not o.is_sweep_override()]
        space = {o.get_key_element(): o for o in overrides if o.is_sweep_override()}
        if not space:
            raise ConfigError("a search needs something to search, as in optimizer.lr='tag(log,interval(1e-4,1e-2))'")
        name = self._name(overrides, words)
        results: list[JobReturn] = []
        with _owned(self._folder(name)) as folder:
            study = self._study(folder, sorted(str(o.input_line) for o in space.values()))
            while (left := self._n_trials - len(_finished(study))) > 0:
                asked = self._ask(study, space, min(left, self._n_jobs))
                jobs = [[*fixed, *self._words(trial, space), *self._named(overrides, name)] for trial in asked]
                ended = self._launch(study, asked, jobs)
                results += ended
                told = [self._tell(study, trial, job) for trial, job in zip(asked, ended, strict=True)]
                if not all(told):
                    break  # a run was interrupted, or belongs to another process: later, the study goes on
            self._report(study)
        if (remember := getattr(self._task, "remember", None)) is not None:
            remember(results)
        return results

    # ---- the study ----------------------------------------------------------------------------------

    def _study(self, folder: Path, space: list[str]) -> Any:
        optuna = _optuna()
        samplers = {"tpe": optuna.samplers.TPESampler, "random": optuna.samplers.RandomSampler}
        journal = optuna.storages.journal.JournalFileBackend(str(folder / "study.journal"))
        study = optuna.create_study(
            study_name=folder.name, storage=optuna.storages.JournalStorage(journal), load_if_exists=True,
            directions=["minimize"] * len(self._metrics),  # what is better when higher is told with its sign changed
        )  # fmt: skip
        asked = {"space": space, "metrics": self._metrics}
        known = {key: study.user_attrs.get(key, value) for key, value in asked.items()}
        for key, value in asked.items():
            if known[key] != value:
                raise ConfigError(f"{folder} searched {key} {known[key]}, not {value}: give another sweep=NAME")
            study.set_user_attr(key, value)
        for trial in study.get_trials(states=(optuna.trial.TrialState.RUNNING,)):
            self._again(study, trial.number, trial.params)  # its process is gone: we own the folder
        study.sampler = samplers[self._algorithm](seed=self._seed + len(study.trials))  # no start is drawn twice
        return study

    def _ask(self, study: Any, space: Mapping[str, Override], n: int) -> list[Any]:
        trials = [study.ask() for _ in range(n)]
        for trial in trials:
            for key, override in space.items():
                _suggest(trial, key, override)
        return trials

    @staticmethod
    def _words(trial: Any, space: Mapping[str, Override]) -> list[str]:
        return [f"{key}={trial.params[key]}" for key in space]

    def _launch(self, study: Any, asked: Sequence[Any], jobs: list[list[str]]) -> Sequence[JobReturn]:
        first = asked[0].number
        try:
            return launch(self._launcher, self._context, self._config, self._task, jobs, first)
        except ConfigError as error:  # values that do not go together
            for trial in asked:
                study.tell(trial.number, state=_optuna().trial.TrialState.FAIL)
            if not study.get_trials(states=(_optuna().trial.TrialState.COMPLETE,)):
                raise
            results = [JobReturn(overrides=words) for words in jobs]
            for result in results:
                result.return_value = error
            return results

    def _tell(self, study: Any, trial: Any, job: JobReturn) -> bool:
        """Tell the study what became of a trial; False when it was cut short."""
        states = _optuna().trial.TrialState
        if study.trials[trial.number].state.is_finished():
            return True
        value = job._return_value
        if getattr(value, "status", None) in ("interrupted", "running"):
            self._again(study, trial.number, trial.params)
            return False
        scores = self._scores(value)
        if scores is None:
            study.tell(trial.number, state=states.FAIL)
            return True
        for name in self._metrics:
            if name not in scores:
                study.tell(trial.number, state=states.FAIL)
                raise ConfigError(f"metric = {name!r} is not in the record{nearest(name, scores)} ({listed(scores)})")
            trial.set_user_attr(name, scores[name]["value"])
        told = [(-1 if scores[n]["better"] == "higher" else 1) * float(scores[n]["value"]) for n in self._metrics]
        finite = all(math.isfinite(number) for number in told)
        study.tell(trial.number, told if finite else None, state=states.COMPLETE if finite else states.FAIL)
        return True

    def _scores(self, value: Any) -> Mapping[str, Any] | None:
        """Metric -> {"value", "better"}; None for a failure. A task without `scores` returns numbers to minimise."""
        if value is None or isinstance(value, BaseException):
            return None
        if (scores := getattr(self._task, "scores", None)) is not None:
            return scores(value)
        values = value if isinstance(value, list | tuple) else [value]
        return {n: {"value": v, "better": "lower"} for n, v in zip(self._metrics, values, strict=True)}

    @staticmethod
    def _again(study: Any, number: int, params: dict[str, Any]) -> None:
        """A trial that was cut short counts as none; its values come next, and its run is resumed."""
        study.set_user_attr(_AGAIN, [*study.user_attrs.get(_AGAIN, []), number])
        study.tell(number, state=_optuna().trial.TrialState.FAIL)
        study.enqueue_trial(params)

    def _report(self, study: Any) -> None:
        finished = _finished(study)
        failed = sum(trial.values is None for trial in finished)
        print(f"{study.study_name}: {len(finished)} of {self._n_trials} trials, {failed} failed", end="")
        print(f"; journal {self._folder(study.study_name) / 'study.journal'}", file=sys.stdout)
        for trial in study.best_trials if len(finished) > failed else []:
            scores = ", ".join(f"{name} {trial.user_attrs[name]:.5g}" for name in self._metrics)
            print(f"best: {scores} with {' '.join(f'{key}={value}' for key, value in trial.params.items())}")

    # ---- names --------------------------------------------------------------------------------------

    def _folder(self, name: str) -> Path:
        from genlab.runs.sweeps import Sweep

        return Sweep(self._root, name).folder

    def _name(self, overrides: Sequence[Override], words: Sequence[str]) -> str:
        """The sweep's name; without one, a hash of the question, so that the same words continue the same study."""
        values = {o.key_or_group: o.value() for o in overrides if o.key_or_group in ("sweep", "paths.output_dir")}
        paths = self._config.get("paths") or {}
        self._root = str(values.get("paths.output_dir") or paths.get("output_dir") or "outputs")
        asked = "\n".join([*sorted(w for w in words if not w.startswith("launcher=")), *self._metrics])
        return str(values.get("sweep") or f"search-{hashlib.sha256(asked.encode()).hexdigest()[:8]}")

    def _named(self, overrides: Sequence[Override], name: str) -> list[str]:
        given = any(o.key_or_group == "sweep" for o in overrides)
        return [f"sweep={name}"] if "sweep" in self._config and not given else []


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


def _finished(study: Any) -> list[Any]:
    """The trials that count: completed or failed, not cut short."""
    again = set(study.user_attrs.get(_AGAIN, []))
    return [trial for trial in study.trials if trial.state.is_finished() and trial.number not in again]


@contextmanager
def _owned(folder: Path) -> Iterator[Path]:
    """One process at a time works on a study."""
    from genlab.runs.lock import Lock, RunIsLocked

    _optuna()
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with Lock(folder / "lock.json"):
            yield folder
    except RunIsLocked as error:
        raise ConfigError(f"the study is being searched: {error}") from error


def _optuna() -> Any:
    try:
        import optuna
    except ImportError as error:
        raise ConfigError("hparams_search needs Optuna: pip install 'genlab[sweep]'") from error
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    return optuna
