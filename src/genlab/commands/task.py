"""What launchers and sweepers ask of the work that they carry out, with the answers of work that does not say."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from omegaconf import DictConfig

from genlab.errors import ConfigError

if TYPE_CHECKING:
    from hydra.core.utils import JobReturn


@runtime_checkable
class SweepTask(Protocol):
    """The work of the jobs of a sweep, which a composed config each asks for.

    A class that derives from it says what it knows; the answers here are those of work that knows nothing of runs.
    """

    def __call__(self, cfg: DictConfig) -> Any:
        """The result of one job."""
        ...

    def check(self, cfg: DictConfig) -> None:
        """Raise ConfigError for a config that cannot work. It is called for all jobs before the first starts."""
        return

    def explain(self, error: Exception, words: list[str], config_name: str) -> ConfigError | None:
        """An error of composing a job, in one sentence; None where it is to be raised as it is."""
        return None

    def plan(self, jobs: Sequence[DictConfig]) -> list[DictConfig]:
        """The configs as they are to be carried out, before the first job starts; a search plans each batch."""
        return list(jobs)

    def existing_result(self, job: DictConfig) -> Any | None:
        """The result of a job that needs no work, so that no process is started for it; else None."""
        return None

    def preimport(self, jobs: Sequence[DictConfig]) -> None:
        """Import what these jobs need, before a launcher forks."""
        return

    def crashed(self, job: DictConfig, error: Exception) -> Any | None:
        """The result of a job whose process has died; None where the error is all that is known."""
        return None

    def orphaned(self, jobs: Sequence[DictConfig], since: float, error: Exception) -> list[Any] | None:
        """The results of jobs whose launcher has failed; None where none of them had begun `since` (Unix seconds)."""
        return None

    def unbegun(self, job: DictConfig) -> Any | None:
        """The result of a job that a signal has kept from beginning; None where the sweep is to end without one."""
        return None

    def scores(self, result: Any, metrics: Sequence[str]) -> Mapping[str, Any] | None:
        """What a search for `metrics` may ask of a result: metric -> {"value", "better"}; None for a failure.

        `better` is "lower" or "higher". Here the result is the numbers of `metrics`, to be minimised.
        """
        if result is None or isinstance(result, BaseException):
            return None
        values = result if isinstance(result, list | tuple) else [result]
        return {name: {"value": value, "better": "lower"} for name, value in zip(metrics, values, strict=True)}

    def curve(self, result: Any, pruning: DictConfig | None) -> dict[int, float]:
        """Epoch -> a number to minimise, for a search that prunes; `pruning` is the config `callbacks.pruning`."""
        return {}

    def remember(self, results: Sequence[JobReturn]) -> None:
        """Take in the results of a whole sweep, in the order of its jobs."""
        return


class PlainTask(SweepTask):
    """A function of another Hydra application."""

    def __init__(self, function: Callable[[DictConfig], Any]) -> None:
        self._function = function

    def __call__(self, cfg: DictConfig) -> Any:
        return self._function(cfg)


def task_of(function: Callable[[DictConfig], Any]) -> SweepTask:
    """The task that Hydra hands to launchers and sweepers, which know it as a function."""
    return function if isinstance(function, SweepTask) else PlainTask(function)
