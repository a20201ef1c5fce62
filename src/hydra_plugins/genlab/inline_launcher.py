"""launcher=inline: the jobs of a sweep one after another in this process, for debugging."""

from __future__ import annotations

import gc
import traceback
from collections.abc import Sequence

from hydra.core.config_store import ConfigStore
from hydra.core.utils import JobReturn, setup_globals
from hydra.plugins.launcher import Launcher
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig

from genlab.commands.task import task_of
from genlab.signals import Interrupted, end_if_signalled, handled
from hydra_plugins.genlab.jobs import compose_all, run, with_unbegun

ConfigStore.instance().store(
    group="hydra/launcher",
    name="genlab_inline",
    node={"_target_": "hydra_plugins.genlab.inline_launcher.InlineLauncher"},
    provider="genlab",
)


class InlineLauncher(Launcher):
    """Runs every job, whatever happens to the one before it; a signal ends the sweep with the job that works."""

    def setup(self, *, hydra_context: HydraContext, task_function: TaskFunction, config: DictConfig) -> None:
        self._context, self._task, self._config = hydra_context, task_of(task_function), config

    def launch(self, job_overrides: Sequence[Sequence[str]], initial_job_idx: int) -> Sequence[JobReturn]:
        setup_globals()
        jobs = compose_all(self._context, self._config, self._task, job_overrides, initial_job_idx)
        results: list[JobReturn | None] = [None] * len(jobs)
        with handled():
            try:
                for index, job in enumerate(jobs):
                    results[index] = self._run(job)
                    end_if_signalled()
            except Interrupted as ending:
                return with_unbegun(self._task, jobs, results, ending)
        return [result for result in results if result is not None]

    def _run(self, job: DictConfig) -> JobReturn:
        result = run(self._context, self._task, job)
        if isinstance(error := result._return_value, BaseException):
            traceback.clear_frames(error.__traceback__)  # they hold the job's tensors
            gc.collect()
        return result
