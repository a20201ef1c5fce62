"""What our sweepers share: words become jobs, the launcher carries them out, the task is told how they ended."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override
from hydra.core.plugins import Plugins
from hydra.core.utils import JobReturn
from hydra.plugins.launcher import Launcher
from hydra.plugins.sweeper import Sweeper
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig

from genlab.commands.task import SweepTask, task_of
from genlab.config.check import check_own_part
from genlab.config.words import name_of
from hydra_plugins.genlab.jobs import launch


class JobSweeper(Sweeper):
    """A sweeper decides in `sweep` which jobs there are, calls `_hand_over` for them and, at the end, `_task.remember`.

    Args:
        params: overrides that a config gives (`hydra.sweeper.params`); the command line takes the place of any.
    """

    _context: HydraContext
    _task: SweepTask
    _config: DictConfig
    _launcher: Launcher

    def __init__(self, params: Mapping[str, Any] | None = None) -> None:
        self._params = dict(params or {})

    def setup(self, *, hydra_context: HydraContext, task_function: TaskFunction, config: DictConfig) -> None:
        self._context, self._task, self._config = hydra_context, task_of(task_function), config
        for part in ("sweeper", "launcher"):
            if str(config.hydra[part].get("_target_")).startswith("hydra_plugins.genlab."):
                check_own_part(config.hydra, part, f"hydra.{part}")
        self._launcher = Plugins.instance().instantiate_launcher(
            hydra_context=hydra_context, task_function=task_function, config=config
        )

    def _words(self, arguments: Sequence[str]) -> list[str]:
        """The words of the config and of the command line, which has the last word on a key."""
        given = {name_of(override) for override in self._parsed(list(arguments))}
        params = [f"{key}={value}" for key, value in self._params.items()]
        kept = [word for word, o in zip(params, self._parsed(params), strict=True) if name_of(o) not in given]
        return [*kept, *arguments]

    def _parsed(self, words: list[str]) -> list[Override]:
        return OverridesParser.create(config_loader=self._context.config_loader).parse_overrides(words)

    def _named(self, overrides: Sequence[Override], name: str) -> list[str]:
        """The word that tells jobs the name of their sweep, where the config has the key and nobody gave it."""
        given = any(override.key_or_group == "sweep" for override in overrides)
        return [f"sweep={name}"] if "sweep" in self._config and not given else []

    def _hand_over(self, jobs: list[list[str]], first: int) -> Sequence[JobReturn]:
        return launch(self._launcher, self._context, self._config, self._task, jobs, first)
