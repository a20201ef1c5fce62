"""hparams_search=: a search with Optuna over any metrics of the record, continued from its own journal.

A trial is a run of the store: its folder, resume and retries are the run's own, and the same values asked for twice
cost nothing. A trial that fails is told to the study as failed, and the study goes on.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

from hydra.core.config_store import ConfigStore
from hydra.core.override_parser.types import Override
from hydra.core.utils import JobReturn
from omegaconf import OmegaConf

from genlab.errors import ConfigError
from genlab.ranges import NonNegativeInt, PositiveInt
from genlab.signals import Interrupted, uncut
from hydra_plugins.genlab.compose_launcher import ComposeLauncher
from hydra_plugins.genlab.search_space_corners import search_space_corners
from hydra_plugins.genlab.study import Study, import_optuna
from hydra_plugins.genlab.sweeper import JobSweeper

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


class OptunaSweeper(JobSweeper):
    """Asks Optuna for values, trains with them, tells it the scores, until `n_trials` are finished in all.

    Swept words are the space: `a=choice(2,16)` or `a=2,16`, `a=interval(0,1)`, `a=int(interval(1,8))`,
    `a=tag(log,interval(1e-4,1e-2))`, `a=range(0,10,2)`. With `callbacks.pruning`, trials that do worse than others
    at the same epoch end early (genlab.callbacks.pruning). Where nothing is trained (`genlab check`), the jobs are
    corners of the space.

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
        super().__init__(params)
        self._metrics = [metric] if isinstance(metric, str) else [str(name) for name in metric]
        self._n_trials, self._n_jobs, self._algorithm, self._seed = n_trials, n_jobs, algorithm, seed

    def sweep(self, arguments: list[str]) -> Any:
        words = self._words(arguments)
        overrides = self._parsed(words)
        fixed = [str(o.input_line) for o in overrides if not o.is_sweep_override()]
        space = {o.get_key_element(): o for o in overrides if o.is_sweep_override()}
        if not space:
            raise ConfigError("a search needs something to search, as in optimizer.lr='tag(log,interval(1e-4,1e-2))'")
        if len(self._metrics) > 1 and OmegaConf.select(self._config, "callbacks.pruning") is not None:
            raise ConfigError("callbacks.pruning compares one curve, so it needs one hydra.sweeper.metric, not several")
        name = self._name(overrides, words)
        if isinstance(self._launcher, ComposeLauncher):
            results = self._hand_over(
                [[*fixed, *point, *self._named(overrides, name)] for point in search_space_corners(space)], 0
            )
        else:
            results = self._search(space, [*fixed, *self._named(overrides, name)], self._folder(name))
        self._task.remember(results)
        return results

    def _search(self, space: Mapping[str, Override], fixed: list[str], folder: Path) -> list[JobReturn]:
        results: list[JobReturn] = []
        with _owned(folder):
            with uncut():
                study = Study(folder, space, self._metrics, self._algorithm, self._seed)
            with contextlib.suppress(Interrupted):  # what has been searched is told; later, the study goes on
                while (left := self._n_trials - len(study.finished)) > 0:
                    with uncut():
                        trials = study.ask(min(left, self._n_jobs))
                    batch = self._try(study, trials, [[*fixed, *study.words(trial)] for trial in trials])
                    results += batch
                    with uncut():
                        finished = [self._tell(study, trial, job) for trial, job in zip(trials, batch, strict=True)]
                    if not all(finished):
                        break  # a run was interrupted, or belongs to another process
            print(study.report(self._n_trials))
        return results

    def _try(self, study: Study, trials: Sequence[Any], jobs: list[list[str]]) -> Sequence[JobReturn]:
        try:
            return self._hand_over(jobs, trials[0].number)
        except ConfigError as error:  # values that do not go together
            if not study.has_a_success:
                for trial in trials:
                    study.fail(trial)
                raise
            results = [JobReturn(overrides=words) for words in jobs]
            for result in results:
                result.return_value = error
            return results

    def _tell(self, study: Study, trial: Any, job: JobReturn) -> bool:
        """Tell the study what became of a trial; False when it was cut short."""
        value = job._return_value
        status = getattr(value, "status", None)
        if status in ("interrupted", "running"):
            study.again(trial)
            return False
        study.observe(trial, self._task.curve(value, OmegaConf.select(self._config, "callbacks.pruning")))
        if status == "pruned":
            study.prune(trial)
        elif (scores := self._task.scores(value, self._metrics)) is None:
            study.fail(trial)
        else:
            study.score(trial, scores)
        return True

    # ---- names --------------------------------------------------------------------------------------

    def _folder(self, name: str) -> Path:
        from genlab.runs.sweeps import Sweep

        return Sweep(self._root, name).folder

    def _name(self, overrides: Sequence[Override], words: Sequence[str]) -> str:
        """The sweep's name; without one, a hash of the question, so that the same words continue the same study."""
        values = {o.key_or_group: o.value() for o in overrides if o.key_or_group in ("sweep", "paths.output_dir")}
        paths = self._config.get("paths") or {}
        self._root = str(values.get("paths.output_dir") or paths.get("output_dir") or "outputs")
        question = "\n".join([*sorted(w for w in words if not w.startswith("launcher=")), *self._metrics])
        return str(values.get("sweep") or f"search-{hashlib.sha256(question.encode()).hexdigest()[:8]}")


@contextmanager
def _owned(folder: Path) -> Iterator[None]:
    """One process at a time works on a study."""
    from genlab.runs.lock import Lock, RunIsLocked

    import_optuna()
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with Lock(folder / "lock.json"):
            yield
    except RunIsLocked as error:
        raise ConfigError(f"the study is being searched: {error}") from error
