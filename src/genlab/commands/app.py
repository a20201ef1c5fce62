"""Runs a verb as a Hydra application, and turns Hydra's errors into one sentence each."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from omegaconf import DictConfig, ListConfig, OmegaConf

from genlab.config.explain import UnlistedKey, explained, is_of_hydra, unlisted
from genlab.config.files import conf_dir
from genlab.config.hydra_limits import limited_hydra
from genlab.config.resolvers import register_resolvers
from genlab.config.schema import register
from genlab.config.words import as_hydra_reads, names_allowed
from genlab.crash_report import told
from genlab.errors import ConfigError, nearest

if TYPE_CHECKING:
    from hydra.core.utils import JobReturn


@dataclass
class App:
    """A verb's work, and what launchers ask of it.

    Args:
        task: does the work of one composed config.
        check: raises ConfigError for a config that cannot work; asked for all jobs before the first starts.
        known: config -> its result where nothing has to be done, else None; so that no process is started for it.
        warm: imports what these jobs need, before a launcher forks.
        mark_crashed: (config, error) -> the result of a job whose process died.
        orphaned: (configs, since when, error) -> results of jobs whose launcher failed; None if before any.
        unbegun: config -> the result of a job that was not begun as a signal has ended the sweep.
        plan: told the configs of jobs that are about to start; a sweep that is searched calls it for each batch.
        scores: result -> {metric: {"value", "better": "lower" or "higher"}} for a search, None for a failure.
        curve: (result, the config `callbacks.pruning` or None) -> {epoch: number to minimise}, for a pruning search.
        conclude: told the results of a sweep at its end.
    """

    task: Callable[[DictConfig], Any]
    check: Callable[[DictConfig], None]
    known: Callable[[DictConfig], Any] | None = None
    warm: Callable[[Sequence[DictConfig]], None] | None = None
    mark_crashed: Callable[[DictConfig, Exception], Any] | None = None
    orphaned: Callable[[Sequence[DictConfig], float, Exception], list[Any] | None] | None = None
    unbegun: Callable[[DictConfig], Any] | None = None
    plan: Callable[[Sequence[DictConfig]], None] | None = None
    scores: Callable[[Any], dict[str, Any] | None] | None = None
    curve: Callable[[Any, DictConfig | None], dict[int, float]] | None = None
    conclude: Callable[[Sequence[JobResult]], None] | None = None
    results: list[JobResult] = field(default_factory=list)
    is_sweep: bool = False
    allowed: frozenset[str] = frozenset()
    """What `allow_targets` of the command line names; that of a file allows nothing."""

    def __post_init__(self) -> None:
        check = self.check

        def check_all(cfg: DictConfig) -> None:
            self._refuse_self_allowed(cfg)
            check(cfg)

        self.check = check_all

    def _refuse_self_allowed(self, cfg: DictConfig) -> None:
        names = OmegaConf.select(cfg, "allow_targets")
        if isinstance(names, ListConfig) and not self.allowed.issuperset(map(str, names)):
            raise ConfigError(
                f"allow_targets = {list(map(str, names))} stands in a file, which cannot allow itself anything: "
                f"if you trust these names, add allow_targets='[{','.join(map(str, names))}]' to the command"
            )

    def __call__(self, cfg: DictConfig) -> Any:
        try:
            self._refuse_self_allowed(cfg)
            result = self.task(cfg)
        except Exception as error:  # raised again by run_app: Hydra would print about it
            result = error
        self.results.append(JobResult([], result))
        return result

    def status(self) -> int:
        """The exit status of a sweep whose jobs print by themselves: 1 when some failed, with a sentence for each.

        Raises:
            Interrupted: a signal has ended the sweep.
            Exception: that of the first job, where all of them failed.
        """
        from genlab.signals import end_if_asked

        end_if_asked()
        failed = [job for job in self.results if isinstance(job.value, Exception)]
        if failed and len(failed) == len(self.results):
            raise failed[0].value
        for job in failed:
            print(f"{' '.join(job.overrides)} failed: {'; '.join(told(job.value, job.overrides)[0])}", file=sys.stderr)
        return 1 if failed else 0

    def remember(self, jobs: Sequence[JobReturn]) -> None:
        """Take in the results of a sweep, in the order of its jobs."""
        self.is_sweep = True
        self.results = [JobResult(list(job.overrides or []), job._return_value) for job in jobs]
        if self.conclude is not None:
            self.conclude(self.results)


@dataclass
class JobResult:
    """What a job gave: the value of the task, or the exception that it raised."""

    overrides: list[str]
    value: Any


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
    while {"-m", "--multirun"} & set(words) and (found := unlisted(words, name)) is not None:  # before a job is planned
        words = _listed(words, found)
    while True:
        try:
            return _run(verb, app, words, name)
        except UnlistedKey as error:
            words = _listed(words, error)


def _listed(words: list[str], error: UnlistedKey) -> list[str]:
    """The words with one that adds the key, as nobody but Hydra needs to be told; raises where none gives it."""
    added = [f"++{word}" if word.partition("=")[0] == error.key else word for word in words]
    if added == words:  # it stands in a file
        raise error
    return added


def _refuse_odd_words(verb: str, argv: list[str]) -> None:
    from hydra._internal.utils import get_args_parser

    actions = [action for action in get_args_parser()._actions if action.dest != "config_path"]
    known = {flag for action in actions for flag in action.option_strings}
    for word in argv:
        if not word.partition("=")[0].strip("+~"):
            raise ConfigError(f"{word!r} has no key; a word is key=value")
        if word.startswith("-") and (flag := word.partition("=")[0]) not in known:
            raise ConfigError(f"genlab {verb} has no flag {flag!r}{nearest(flag, known)}")


def _run(verb: str, app: App, words: list[str], name: str) -> None:
    import hydra
    from hydra.errors import HydraException
    from omegaconf.errors import OmegaConfBaseException
    from yaml import YAMLError

    saved_argv, sys.argv = sys.argv, [f"genlab {verb}", *words]
    saved_env = os.environ.get("HYDRA_FULL_ERROR")
    os.environ["HYDRA_FULL_ERROR"] = "1"  # errors come here instead of being printed by Hydra
    try:
        with limited_hydra():
            hydra.main(version_base="1.3", config_path=str(conf_dir()), config_name=name)(app)()
    except (HydraException, OmegaConfBaseException, YAMLError) as error:
        raise explained(error, words, name) from error
    except ValueError as error:
        if not is_of_hydra(error):
            raise
        raise explained(error, words, name) from error
    finally:
        sys.argv = saved_argv
        if saved_env is None:
            os.environ.pop("HYDRA_FULL_ERROR", None)
        else:
            os.environ["HYDRA_FULL_ERROR"] = saved_env
    if not app.is_sweep and app.results and isinstance(app.results[0].value, Exception):
        raise app.results[0].value
