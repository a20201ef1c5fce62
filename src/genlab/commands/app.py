"""Runs a verb as a Hydra application, and turns Hydra's errors into one sentence each."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from omegaconf import DictConfig, ListConfig, OmegaConf

from genlab.commands.task import SweepTask
from genlab.config.explain import UnlistedKey, explained, explaining, unlisted, with_listed
from genlab.config.files import conf_dir
from genlab.config.hydra_limits import limited_hydra
from genlab.config.resolvers import register_resolvers
from genlab.config.schema import register
from genlab.config.words import as_hydra_reads, names_allowed
from genlab.crash_report import problems_and_status
from genlab.errors import ConfigError, nearest

if TYPE_CHECKING:
    from hydra.core.utils import JobReturn

Plan = Callable[[Sequence[DictConfig]], list[DictConfig] | None]


@dataclass
class JobResult:
    """What a job gave: the value of the task, or the exception that it raised."""

    overrides: list[str]
    value: Any


class App(SweepTask):
    """A verb: it does its task for one composed config, or for each job of a sweep, and keeps the results.

    Args:
        task: does the work of one config.
        check: raises ConfigError for a config that cannot work.
        plan: gets the configs of the jobs that are about to start, and may return others to carry out.
    """

    def __init__(
        self, task: Callable[[DictConfig], Any], check: Callable[[DictConfig], None], plan: Plan | None = None
    ) -> None:
        self._task, self._check, self._plan = task, check, plan
        self.results: list[JobResult] = []
        self.is_sweep = False
        self.allowed: frozenset[str] = frozenset()
        """What `allow_targets` of the command line names; that of a file allows nothing."""

    def __call__(self, cfg: DictConfig) -> Any:
        try:
            refuse_self_allowed(cfg, self.allowed)
            result = self._task(cfg)
        except Exception as error:  # raised again by run_app: Hydra would print about it
            result = error
        self.results.append(JobResult([], result))
        return result

    def check(self, cfg: DictConfig) -> None:
        refuse_self_allowed(cfg, self.allowed)
        self._check(cfg)

    def explain(self, error: Exception, words: list[str], config_name: str) -> ConfigError:
        return explained(error, words, config_name)

    def plan(self, jobs: Sequence[DictConfig]) -> list[DictConfig]:
        planned = None if self._plan is None else self._plan(jobs)
        return list(jobs) if planned is None else planned

    def remember(self, results: Sequence[JobReturn]) -> None:
        self.is_sweep = True
        self.results = [JobResult(list(job.overrides or []), job._return_value) for job in results]

    def status(self) -> int:
        """The exit status of a sweep whose jobs print by themselves: 1 when some failed, with a sentence for each.

        Raises:
            Interrupted: a signal has ended the sweep.
            Exception: that of the first job, where all of them failed.
        """
        from genlab.signals import end_if_signalled

        end_if_signalled()
        failed = [job for job in self.results if isinstance(job.value, Exception)]
        if failed and len(failed) == len(self.results):
            raise failed[0].value
        for job in failed:
            print(
                f"{' '.join(job.overrides)} failed: {'; '.join(problems_and_status(job.value, job.overrides)[0])}",
                file=sys.stderr,
            )
        return 1 if failed else 0


def in_sweep() -> bool:
    """Whether the job that is being carried out is one of a sweep."""
    from hydra.core.hydra_config import HydraConfig
    from hydra.types import RunMode

    return bool(HydraConfig.get().mode == RunMode.MULTIRUN)


def refuse_self_allowed(cfg: DictConfig, allowed: frozenset[str]) -> None:
    """Raises ConfigError for `allow_targets` of a config beyond the names that the command itself allows."""
    names = OmegaConf.select(cfg, "allow_targets")
    if isinstance(names, ListConfig) and not allowed.issuperset(map(str, names)):
        raise ConfigError(
            f"allow_targets = {list(map(str, names))} stands in a file, which cannot allow itself anything: "
            f"if you trust these names, add allow_targets='[{','.join(map(str, names))}]' to the command"
        )


def run_app(verb: str, app: App, argv: list[str], config_name: str | None = None) -> None:
    """Compose the config `conf/<config_name>.yaml` with the overrides of `argv` and give it to `app`.

    Hydra's own flags work (`--cfg job`, `--help`, `-m`, `--config-dir`, `--config-name`, `-sc`), but for the one that
    would put another folder in the place of genlab's configs. A key that the config does not list is taken all the
    same where its part has such a parameter, as if it were written with Hydra's `++`.

    Raises:
        ConfigError: a word cannot be read, or the config cannot be composed.
    """
    register()
    register_resolvers()
    _refuse_odd_words(verb, argv)
    name = config_name or verb
    if name == "train":
        from genlab.runs.run_config import from_saved

        argv = from_saved(argv)
    words = as_hydra_reads(argv)
    app.allowed = names_allowed(words)
    while {"-m", "--multirun"} & set(words) and (key := unlisted(words, name)) is not None:  # before a job is planned
        words = with_listed(words, key)
    while True:
        try:
            return _run(verb, app, words, name)
        except UnlistedKey as error:
            words = with_listed(words, error)


def _refuse_odd_words(verb: str, argv: list[str]) -> None:
    from hydra._internal.utils import get_args_parser

    actions = [action for action in get_args_parser()._actions if action.dest != "config_path"]
    flags = {flag for action in actions for flag in action.option_strings}
    for word in argv:
        if not word.partition("=")[0].strip("+~"):
            raise ConfigError(f"{word!r} has no key; a word is key=value")
        if word.startswith("-") and (flag := word.partition("=")[0]) not in flags:
            raise ConfigError(f"genlab {verb} has no flag {flag!r}{nearest(flag, flags)}")


def _run(verb: str, app: App, words: list[str], name: str) -> None:
    import hydra

    saved_argv, sys.argv = sys.argv, [f"genlab {verb}", *words]
    saved_env = os.environ.get("HYDRA_FULL_ERROR")
    os.environ["HYDRA_FULL_ERROR"] = "1"  # errors come here instead of being printed by Hydra
    try:
        with limited_hydra(), explaining(words, name):
            hydra.main(version_base="1.3", config_path=str(conf_dir()), config_name=name)(app)()
    finally:
        sys.argv = saved_argv
        if saved_env is None:
            os.environ.pop("HYDRA_FULL_ERROR", None)
        else:
            os.environ["HYDRA_FULL_ERROR"] = saved_env
    if not app.is_sweep and app.results and isinstance(app.results[0].value, Exception):
        raise app.results[0].value
