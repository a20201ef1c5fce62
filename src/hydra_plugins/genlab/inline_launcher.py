"""launcher=inline: the jobs of a sweep one after another in this process, for debugging."""

from __future__ import annotations

import gc
import traceback
from collections.abc import Sequence

from hydra.core.config_store import ConfigStore
from hydra.core.utils import JobReturn, JobStatus, setup_globals
from hydra.plugins.launcher import Launcher
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig

from hydra_plugins.genlab.jobs import compose_all, run

ConfigStore.instance().store(
    group="hydra/launcher",
    name="genlab_inline",
    node={"_target_": "hydra_plugins.genlab.inline_launcher.InlineLauncher"},
    provider="genlab",
)


class InlineLauncher(Launcher):
    """Runs every job, whatever happens to the one before it."""

    def setup(self, *, hydra_context: HydraContext, task_function: TaskFunction, config: DictConfig) -> None:
        self._context, self._task, self._config = hydra_context, task_function, config

    def launch(self, job_overrides: Sequence[Sequence[str]], initial_job_idx: int) -> Sequence[JobReturn]:
        setup_globals()
        jobs = compose_all(self._context, self._config, self._task, job_overrides, initial_job_idx)
        results = []
        for job in jobs:
            result = run(self._context, self._task, job)
            if result.status == JobStatus.FAILED and isinstance(error := result._return_value, BaseException):
                traceback.clear_frames(error.__traceback__)  # they hold the job's tensors
                gc.collect()
            results.append(result)
        return results
