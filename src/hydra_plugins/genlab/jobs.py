"""What every launcher of ours does before the first job: compose all of them, and check all of them."""

from __future__ import annotations

from collections.abc import Sequence

from hydra.core.utils import JobReturn, filter_overrides, run_job
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig, open_dict

from genlab.config.errors import ConfigError


def compose_all(
    context: HydraContext, config: DictConfig, task: TaskFunction, overrides: Sequence[Sequence[str]], first: int
) -> list[DictConfig]:
    """The config of every job, its number and name set.

    Raises:
        ConfigError: naming every job that cannot be composed or does not pass the task's check.
    """
    check = getattr(task, "check", None)
    jobs, problems = [], []
    for index, words in enumerate(overrides, start=first):
        job = context.config_loader.load_sweep_config(config, list(words))
        with open_dict(job):
            job.hydra.job.id = str(index)
            job.hydra.job.num = index
        jobs.append(job)
        try:
            if check is not None:
                check(job)
        except ConfigError as error:
            problems += [f"job {index} ({' '.join(filter_overrides(words))}): {p}" for p in error.problems]
    if problems:
        raise ConfigError(problems)
    return jobs


def run(context: HydraContext, task: TaskFunction, job: DictConfig) -> JobReturn:
    """Carry out one composed job in this process."""
    return run_job(
        task_function=task,
        config=job,
        job_dir_key="hydra.sweep.dir",
        job_subdir_key="hydra.sweep.subdir",
        hydra_context=context,
    )
