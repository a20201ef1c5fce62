"""What every launcher of ours does before the first job: compose all of them, and check all of them."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from hydra.core.utils import JobReturn, JobStatus, filter_overrides, run_job
from hydra.errors import HydraException
from hydra.plugins.launcher import Launcher
from hydra.types import HydraContext
from omegaconf import DictConfig, OmegaConf, open_dict
from omegaconf.errors import OmegaConfBaseException

from genlab.commands.task import SweepTask
from genlab.errors import ConfigError
from genlab.signals import Interrupted


def compose_all(
    context: HydraContext, config: DictConfig, task: SweepTask, overrides: Sequence[Sequence[str]], first: int
) -> list[DictConfig]:
    """The config of every job, its number and name set, as the task plans it.

    Raises:
        ConfigError: naming every job that cannot be composed or does not pass the task's check; a job that is the
            only one needs no name.
    """
    jobs: list[DictConfig] = []
    problems: dict[str, list[int]] = {}  # problem -> the jobs that have it
    for index, words in enumerate(overrides, start=first):
        try:
            job = _compose(context, config, task, list(words), index)
            task.check(job)
            jobs.append(job)
        except ConfigError as error:
            for problem in error.problems:
                problems.setdefault(problem, []).append(index)
    if problems and len(overrides) == 1 and OmegaConf.select(config, "hydra.sweeper.n_trials") is None:
        raise ConfigError(list(problems))
    if problems:
        raise ConfigError([f"{_named(indices, overrides, first)}: {text}" for text, indices in problems.items()])
    return task.plan(jobs) if jobs else jobs


def launch(
    launcher: Launcher, context: HydraContext, config: DictConfig, task: SweepTask, jobs: list[list[str]], first: int
) -> Sequence[JobReturn]:
    """Hand jobs to a launcher; for one that is not ours they are composed and checked here, all before the first.

    A launcher that is not ours raises when it loses a job's process, and then says nothing of the other jobs: the
    task's `orphaned` is asked what became of all of them.

    Raises:
        ConfigError: the launcher failed before any job began.
    """
    if type(launcher).__module__.startswith("hydra_plugins.genlab."):
        return launcher.launch(jobs, initial_job_idx=first)
    composed, begun = compose_all(context, config, task, jobs, first), time.time()
    try:
        return launcher.launch(jobs, initial_job_idx=first)
    except Exception as error:
        outcomes = task.orphaned(composed, begun, error)
        if outcomes is None:
            choice = config.hydra.runtime.choices.get("launcher") or type(launcher).__name__
            raise ConfigError(f"launcher={choice} could not start the jobs: {_first_line(error)}") from error
        return [result_of(job, value) for job, value in zip(composed, outcomes, strict=True)]


def _compose(context: HydraContext, config: DictConfig, task: SweepTask, words: list[str], index: int) -> DictConfig:
    try:
        job = context.config_loader.load_sweep_config(config, words)
    except (HydraException, OmegaConfBaseException) as error:
        if (explained := task.explain(error, words, str(config.hydra.job.config_name))) is None:
            raise
        raise explained from error
    with open_dict(job):
        job.hydra.job.id = str(index)
        job.hydra.job.num = index
    return job


def _named(indices: list[int], overrides: Sequence[Sequence[str]], first: int) -> str:
    if len(indices) == 1:
        words = [word for word in filter_overrides(overrides[indices[0] - first]) if not word.startswith("sweep=")]
        return f"job {indices[0]} ({' '.join(words)})"
    if len(indices) == len(overrides):
        return f"all {len(indices)} jobs"
    return f"{len(indices)} jobs, the first of them {_named(indices[:1], overrides, first)}"


def existing_result(task: SweepTask, job: DictConfig) -> JobReturn | None:
    """The result of a job that needs no work; None when it has to be carried out."""
    value = task.existing_result(job)
    return None if value is None else result_of(job, value)


def with_unbegun(
    task: SweepTask, jobs: Sequence[DictConfig], results: Sequence[JobReturn | None], ending: Interrupted
) -> list[JobReturn]:
    """The results of jobs when a signal has ended their launcher: the task's `unbegun` tells those that are missing.

    Raises:
        Interrupted: `ending`, where the task cannot tell.
    """
    return [result or _unbegun(task, job, ending) for job, result in zip(jobs, results, strict=True)]


def _unbegun(task: SweepTask, job: DictConfig, ending: Interrupted) -> JobReturn:
    if (value := task.unbegun(job)) is None:
        raise ending
    return result_of(job, value)


def result_of(job: DictConfig, value: Any) -> JobReturn:
    """A job's result as Hydra's launchers return it."""
    result = JobReturn(overrides=list(job.hydra.overrides.task), status=JobStatus.COMPLETED)
    result.return_value = value
    return result


def _first_line(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return f"{type(error).__name__}: {lines[0]}" if lines else type(error).__name__


def run(context: HydraContext, task: SweepTask, job: DictConfig) -> JobReturn:
    """Carry out one composed job in this process."""
    return run_job(
        task_function=task,
        config=job,
        job_dir_key="hydra.sweep.dir",
        job_subdir_key="hydra.sweep.subdir",
        hydra_context=context,
    )
