"""hydra/launcher=genlab_compose: the jobs of a sweep as configs, composed and checked, none of them started."""

from __future__ import annotations

from collections.abc import Sequence

from hydra.core.config_store import ConfigStore
from hydra.core.utils import JobReturn
from hydra.plugins.launcher import Launcher
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig

from genlab.commands.task import task_of
from hydra_plugins.genlab.jobs import compose_all, result_of

ConfigStore.instance().store(
    group="hydra/launcher",
    name="genlab_compose",
    node={"_target_": "hydra_plugins.genlab.compose_launcher.ComposeLauncher"},
    provider="genlab",
)


class ComposeLauncher(Launcher):
    """Returns each job's config as its result."""

    def setup(self, *, hydra_context: HydraContext, task_function: TaskFunction, config: DictConfig) -> None:
        self._context, self._task, self._config = hydra_context, task_of(task_function), config

    def launch(self, job_overrides: Sequence[Sequence[str]], initial_job_idx: int) -> Sequence[JobReturn]:
        jobs = compose_all(self._context, self._config, self._task, job_overrides, initial_job_idx)
        return [result_of(job, job) for job in jobs]
