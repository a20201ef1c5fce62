"""genlab check: what a run or a sweep would take, before anything is launched."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from omegaconf import DictConfig, OmegaConf

from genlab.commands.app import App, JobResult, run_app
from genlab.commands.training import with_first_stage
from genlab.config.check import check
from genlab.errors import ConfigError

if TYPE_CHECKING:
    from genlab.reports.costs import CostRow
    from genlab.runs.estimate import Cost, Shape


def main(argv: list[str]) -> int:
    """Check the words of `genlab train [-m]`; 0 when every job is sound. Problems of all jobs are one ConfigError.

    The jobs of a search are not known before it runs: corners of its space are checked and timed instead.
    """
    app = App(task=lambda cfg: cfg, check=check, plan=lambda jobs: [with_first_stage(cfg) for cfg in jobs])
    run_app("check", app, [*argv, "-m", "hydra/launcher=genlab_compose"], config_name="train")
    if app.results:
        trials = _trials(app.results[0].value)
        jobs = _new_jobs(app.results) if trials is None else _corners(app.results, trials)
        _print(jobs, trials)
    return 0


@dataclass
class _Job:
    """A job that would work."""

    cfg: DictConfig
    overrides: list[str]
    trains: bool = True
    """False where the run is finished, or an earlier job trains it: then it is scored alone."""


@dataclass
class _Group:
    """Jobs of one shape."""

    first: _Job
    shape: Shape
    words: list[str]
    """The overrides that all of them have."""
    jobs: int = 0
    trainings: int = 0
    steps: int | None = 0


def _trials(cfg: DictConfig) -> int | None:
    """The budget of a search; None for a sweep whose jobs are known."""
    trials: int | None = OmegaConf.select(cfg, "hydra.sweeper.n_trials")
    return trials


def _new_jobs(results: list[JobResult]) -> list[_Job]:
    """The jobs that would train or score: without those that are done, and each once."""
    from genlab.config.fingerprint import measurement
    from genlab.runs.job import find
    from genlab.runs.measurements import is_measured
    from genlab.runs.reading import Unreadable

    new: dict[tuple[str, str | None], _Job] = {}
    trained: set[str] = set()
    problems: list[str] = []
    done = twice = 0
    for job in results:
        cfg: DictConfig = job.value
        run, measured = find(cfg), measurement(cfg)
        try:
            record = run.record()
            is_trained = record is not None and record.status == "completed"
            is_done = record is not None and is_trained and is_measured(cfg, run, record)
        except Unreadable as error:
            problems += error.problems
            continue
        path = str(run.path)
        if is_done:
            done += 1
        elif (path, measured) in new or (measured is None and path in trained):
            twice += 1
        else:
            new[path, measured] = _Job(cfg, list(job.overrides), trains=not is_trained and path not in trained)
            trained.add(path)
    if problems:
        raise ConfigError(list(dict.fromkeys(problems)))
    scored = sum(not job.trains for job in new.values())
    of_them = f", {scored} of them only to be scored" if scored else ""
    what = "job" if len(results) == 1 else "jobs"
    print(f"{len(results)} {what}: {done} done before, {twice} asked for twice, {len(new)} to run{of_them}")
    return list(new.values())


def _corners(results: list[JobResult], trials: int) -> list[_Job]:
    where = f"{len(results)} corners of its space are sound"
    print(f"a search of {trials} trials: {where}; what it takes if every trial is like one of them:")
    return [_Job(job.value, list(job.overrides)) for job in results]


def _print(jobs: list[_Job], trials: int | None) -> None:
    if not jobs:
        return
    from rich.console import Console

    from genlab.config.instantiate import build
    from genlab.reports.costs import cost_table, hours
    from genlab.runs import estimate
    from genlab.runs.job import find

    groups: dict[str, _Group] = {}
    data: dict[str, Any] = {}
    for job in jobs:
        cfg = job.cfg
        if repr(cfg.dataset) not in data:
            data[repr(cfg.dataset)] = build(cfg.dataset, list(cfg.allow_targets))
    _refuse_too_few(jobs, data)
    for job in jobs:
        cfg = job.cfg
        shape = estimate.shape(cfg)
        group = groups.setdefault(shape.key, _Group(job, shape, list(job.overrides)))
        group.words = [word for word in group.words if word in job.overrides]
        group.jobs += 1
        group.trainings += job.trains
        of_job = estimate.steps(cfg, data[repr(cfg.dataset)].n_train) if job.trains else 0
        group.steps = None if of_job is None or group.steps is None else group.steps + of_job
    shared = set.intersection(*(set(job.overrides) for job in jobs))
    rows = []
    for group in sorted(groups.values(), key=lambda g: g.shape.parameters):  # a process's peak memory only grows
        cfg = group.first.cfg
        rows.append(_row(group, estimate.measure(cfg, data[repr(cfg.dataset)]), shared))
    if trials is not None:
        rows = [row.for_jobs(trials) for row in rows]
    Console().print(cost_table(rows, summed=trials is None))
    for name, seconds in _extractors(jobs, data).items():
        print(f"Once before: {hours(seconds / 3600)} for training the extractor {name}")
    print(f"One job after another, on this machine; runs go to {find(jobs[0].cfg).path.parent}")


def _extractors(jobs: list[_Job], data: dict[str, Any]) -> dict[str, float]:
    """Name -> seconds of the extractors that are still to be trained, each once for all jobs on the same data."""
    from genlab.runs import estimate

    configs = {repr((job.cfg.metrics, job.cfg.dataset)): job.cfg for job in jobs}
    seconds: dict[str, float] = {}
    for cfg in configs.values():
        seconds |= estimate.extractor_seconds(cfg, data[repr(cfg.dataset)])
    return seconds


def _refuse_too_few(jobs: list[_Job], data: dict[str, Any]) -> None:
    """Raises ConfigError with a sentence for each suite that has too few pictures for one of its metrics."""
    from genlab.config.instantiate import build
    from genlab.runs import estimate

    problems: dict[str, str] = {}
    for job in jobs:
        cfg = job.cfg
        question = repr((cfg.model, cfg.metrics, cfg.dataset))
        if question in problems or not cfg.metrics or not cfg.test:
            continue
        suite = build(cfg.metrics, list(cfg.allow_targets))
        try:
            suite.check_counts(estimate.on_meta(cfg), data[repr(cfg.dataset)])
            problems[question] = ""
        except ConfigError as error:
            problems[question] = str(error)
    if sentences := list(dict.fromkeys(text for text in problems.values() if text)):
        raise ConfigError(sentences)


def _row(group: _Group, cost: Cost, shared: set[str]) -> CostRow:
    from genlab.reports.costs import CostRow
    from genlab.runs.estimate import CHECKPOINTS

    own = [_short(word) for word in group.words if word not in shared and not word.startswith("sweep=")]
    return CostRow(
        " ".join(own), group.jobs, group.shape.parameters, group.steps, cost.seconds_per_step, cost.memory_bytes,
        CHECKPOINTS * group.trainings * cost.checkpoint_bytes, group.jobs * cost.scoring_seconds,
    )  # fmt: skip


def _short(word: str) -> str:
    """model.coding_size=2 -> coding_size=2."""
    key, _, value = word.partition("=")
    return f"{key.rpartition('.')[2]}={value}"
