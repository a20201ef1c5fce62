"""The life of one run: find its folder, own it, work, and write down how it ended, whatever happens."""

from __future__ import annotations

import contextlib
import logging
import time
import warnings
from collections.abc import Callable, Sequence
from copy import deepcopy
from dataclasses import dataclass, replace
from pathlib import Path
from textwrap import shorten

from omegaconf import DictConfig, OmegaConf, open_dict, read_write

from genlab.atomic import DiskFull, Reserve, remove_leftovers
from genlab.config.fingerprint import fingerprint, measurement
from genlab.errors import ConfigError
from genlab.failures import plainly, sentence
from genlab.notice import Notice
from genlab.redact import redact_text
from genlab.runs import history
from genlab.runs.devices import check_devices
from genlab.runs.lock import Lock, RunIsLocked
from genlab.runs.log import logged_to
from genlab.runs.measurements import is_measured, keep, set_aside
from genlab.runs.older_names import older_name
from genlab.runs.reading import Unreadable, or_noted
from genlab.runs.record import Record, Status, Stopwatch, family_name, now
from genlab.runs.store import Run, Store, save_config
from genlab.runs.sweeps import Sweep
from genlab.signals import end_if_signalled
from genlab.training_stopped import Ended

Work = Callable[[DictConfig, Run, Record], None]
"""What is done for a run: it fills in the record."""

_WAIT_SECONDS = 1.0


@dataclass(frozen=True)
class Outcome:
    """How a request for a run ended."""

    run: Path
    measurement: str | None
    """What was to be measured, see `runs.measurements`; two jobs of a sweep may ask it of one run."""
    status: Status
    reason: str = ""
    worked: bool = True
    """False when nothing had to be done: completed before, running elsewhere, tried too often."""
    exit_status: int = 0
    trained: bool = True
    """False where a finished run was found, and scored where need be: the loggers of its training were not opened."""


def find(cfg: DictConfig) -> Run:
    """The folder of the run that `cfg` asks for; with force=true a new one beside it."""
    from genlab.config.data_checksum import data_checksum

    dataset = OmegaConf.to_container(cfg.dataset, resolve=True)
    assert isinstance(dataset, dict)
    data = data_checksum({str(key): value for key, value in dataset.items()}, Path(cfg.paths.data_dir).expanduser())
    store = Store(cfg.paths.output_dir)
    name = fingerprint(cfg, data)
    run = store.run(cfg.task_name, name)
    if not run.path.exists():
        run = older_name(store, cfg.task_name, name) or run
    if cfg.force and cfg.paths.run_dir:  # chosen when the job was planned: a second look would find it taken
        return Run(Path(cfg.paths.run_dir))
    return store.beside(run) if cfg.force and run.path.exists() else run


class Job:
    """A request for one run: the run's folder, and a config of its own that names it and that nothing changes any more.

    Args:
        cfg: a composed config, its first stage known; it is left as it is.
        overrides: the words of the request, for the record.
        experiment: the recipe of the request, for the record.
    """

    def __init__(self, cfg: DictConfig, overrides: Sequence[str] = (), experiment: str | None = None) -> None:
        is_planned = OmegaConf.is_readonly(cfg) and bool(cfg.paths.run_dir)  # by a job of before
        self.run = Run(Path(cfg.paths.run_dir)) if is_planned else find(cfg)
        self.cfg = cfg if is_planned else _placed(cfg, self.run)
        self.overrides, self.experiment = list(overrides), experiment

    # ---- before the work ----------------------------------------------------------------------------

    def done_before(self) -> Outcome | None:
        """The outcome of a run that is completed, or whose record cannot be used; None when there is work left."""
        try:
            record = self.run.record()
            done = record is not None and self._is_done(record)
        except Unreadable as error:
            return self.refused(error)
        return self._done() if done else None

    def is_trained(self) -> bool:
        """Whether nothing is left to train, or the record cannot be used."""
        try:
            record = self.run.record()
        except Unreadable:
            return True
        return record is not None and record.status == "completed" and not self._begins_again()

    def _is_done(self, record: Record) -> bool:
        is_completed = record.status == "completed" and is_measured(self.cfg, self.run, record)
        return is_completed and not self._begins_again()

    def _begins_again(self) -> bool:
        """Whether a finished run is to be trained again: with restart=true, where none of its checkpoints is whole."""
        return bool(self.cfg.restart and self.cfg.train) and self.run.checkpoint() is None

    # ---- the work -----------------------------------------------------------------------------------

    def carry_out(self, work: Work, measure: Work | None = None) -> Outcome:
        """Do `work` for the run, unless its record says that there is nothing to do.

        A finished run that was not measured as the config asks gets `measure` instead, which fills in the scores of a
        record.

        An error of the work ends in record.json and in the outcome, and is not raised: a sweep goes on. What cannot
        begin, because a file of the run is damaged or a device is not there, ends in the outcome alone.
        """

        def attempt() -> Outcome:
            try:
                with Lock(self.run.lock_file):
                    return self._owned(work, measure)
            except RunIsLocked as locked:
                return self.outcome("running", str(locked), worked=False)
            except ConfigError as error:
                return self.refused(error)

        return when_free(attempt) if self._measures_with_others() else attempt()

    def _measures_with_others(self) -> bool:
        """Whether other jobs of the sweep want the same run, measured in another way: then this one waits for them."""
        cfg, run = self.cfg, self.run
        rows = Sweep(cfg.paths.output_dir, str(cfg.sweep)).rows() if cfg.get("sweep") else []
        return sum(row["fingerprint"] == run.path.name and row["task_name"] == cfg.task_name for row in rows) > 1

    def _owned(self, work: Work, measure: Work | None) -> Outcome:
        record = self.run.record() or self._new_record()
        if record.status == "completed" and self._begins_again():
            set_aside(self.run, record)
            record = self._new_record()
        elif record.status == "completed":
            if measure is None or is_measured(self.cfg, self.run, record):
                return self._done()
            check_devices(self.cfg.trainer)
            return self._measure(record, measure)
        if record.status == "failed" and record.tries > self.cfg.retries:
            last = f"failed {record.tries} times, the last with {reason_of(record)}"
            return self.outcome("failed", f"{last}; retries={record.tries} tries again", worked=False, exit_status=1)
        check_devices(self.cfg.trainer)
        history.read(self.run.history_file)  # refused here when it is damaged, before the record says "running"
        if record.status == "failed" and not record.tries:  # the words of the request that works
            record.overrides, record.experiment = self.overrides, self.experiment
        remove_leftovers(self.run.path)
        return self._work(record, work)

    def _new_record(self) -> Record:
        return Record(
            fingerprint=self.run.path.name, task_name=self.cfg.task_name, seed=self.cfg.seed,
            family=family_name(str(self.cfg.model._target_)), experiment=self.experiment, overrides=self.overrides,
        )  # fmt: skip

    def _work(self, record: Record, work: Work) -> Outcome:
        run, watch = self.run, Stopwatch()
        with logged_to(run.log_file):
            try:
                record.begin()
                record.save(run.record_file)
                save_config(self.cfg, run.config_file)
                with Reserve(run.path / ".reserve"):
                    work(self.cfg, run, record)
                end_if_signalled()
                record.measurement = measurement(self.cfg)
                record.end("completed", watch.seconds)
                record.save(run.record_file)
            except Ended as ending:
                record.end(ending.status, watch.seconds)
                record.save(run.record_file)
                return self._ended(ending)
            except KeyboardInterrupt:  # outside the main thread, where signals are not handled
                record.end("interrupted", watch.seconds)
                record.save(run.record_file)
                raise
            except (Exception, SystemExit) as error:
                return self._failed(record, error, watch)
            return self.outcome("completed")

    def _measure(self, record: Record, measure: Work) -> Outcome:
        """Score a finished run in another way; whatever happens, the run stays finished."""
        watch = Stopwatch()
        measured = replace(
            record, overrides=self.overrides, experiment=self.experiment, started=now(), metrics={}, unscored={}
        )
        with logged_to(self.run.log_file):
            try:
                measure(self.cfg, self.run, measured)
                end_if_signalled()
                keep(self.cfg, self.run, record, measured, round(watch.seconds, 3))
            except Ended as ending:
                return self._ended(ending)
            except (Exception, SystemExit) as error:
                cause = plainly(error)
                measured.end("failed", watch.seconds, cause)
                return self._reported(measured, cause)
        return replace(self.outcome("completed", "trained before; scored as asked"), trained=False)

    # ---- how it ended -------------------------------------------------------------------------------

    def outcome(self, status: Status, reason: str = "", worked: bool = True, exit_status: int = 0) -> Outcome:
        """How the request ended, with the name of what it asks to be measured."""
        return Outcome(self.run.path, measurement(self.cfg), status, reason, worked, exit_status)

    def refused(self, error: ConfigError) -> Outcome:
        """The outcome of a request that could not begin."""
        return self.outcome("failed", sentence(error), worked=False, exit_status=2)

    def unbegun(self) -> Outcome:
        """The outcome of a run that was asked for and not begun, as the command was ended before."""
        reason = "it has not begun; the same command runs it"
        return self.outcome("interrupted", reason, worked=False, exit_status=1)

    def crashed(self, error: Exception) -> Outcome:
        """The outcome of a run whose process is gone without a word, which its record says from now on."""
        if (record := or_noted(self.run.record)) is not None and record.status == "running":
            record.end("failed", 0.0, error, is_try=not isinstance(error, OSError))
            record.save(self.run.record_file)
        return self.outcome("failed", str(error), exit_status=1)

    def _done(self) -> Outcome:
        return replace(self.outcome("completed", "done before", worked=False), trained=False)

    def _ended(self, ending: Ended) -> Outcome:
        reason = f"{ending}; the same command resumes it" if ending.status == "interrupted" else str(ending)
        return self.outcome(ending.status, reason, exit_status=ending.exit_status)

    def _failed(self, record: Record, error: Exception | SystemExit, watch: Stopwatch) -> Outcome:
        cause = plainly(error)
        record.end("failed", watch.seconds, cause, is_try=_is_try(record, error, cause))
        with contextlib.suppress(DiskFull):
            record.save(self.run.record_file)
        return self._reported(record, cause)

    def _reported(self, record: Record, cause: Exception) -> Outcome:
        is_request = isinstance(cause, ConfigError)
        assert record.error is not None, "a failed run has an error"
        logging.getLogger("genlab").error("%s", record.error["traceback"])
        reason = redact_text(sentence(cause)) if is_request else reason_of(record)
        return self.outcome("failed", reason, exit_status=2 if is_request else 1)


def is_trained(cfg: DictConfig) -> bool:
    """See `Job.is_trained`."""
    return Job(cfg).is_trained()


def when_free(ask: Callable[[], Outcome]) -> Outcome:
    """Ask for a run until nobody else works on it: its owner works, or is dead, so there is no limit.

    A notice says whom it waits for, once.
    """
    is_noted = False
    while (outcome := ask()).status == "running":
        if not is_noted:
            warnings.warn(f"waiting: {outcome.reason}", Notice, stacklevel=2)
        is_noted = True
        time.sleep(_WAIT_SECONDS)
    return outcome


def reason_of(record: Record) -> str:
    """Why a run failed, in one line of at most 400 characters: the first line alone may end before the reason."""
    if record.error is None:
        return "an unknown error"
    return shorten(f"{record.error['type']}: {record.error['message']}", 400, placeholder=" ...")


def _placed(cfg: DictConfig, run: Run) -> DictConfig:
    """A config of its own that names the run's folder, and cannot be written to."""
    placed = deepcopy(cfg)
    with read_write(placed), open_dict(placed):
        placed.paths.run_dir = str(run.path)
    OmegaConf.set_readonly(placed, True)
    return placed


def _is_try(record: Record, error: Exception | SystemExit, cause: Exception) -> bool:
    """Whether an error is the training's own: not the request's, not the machine's, and not from before a step.

    Of processes that Lightning has started, nobody knows how far they came.
    """
    if isinstance(cause, ConfigError | OSError):
        return False
    return record.has_stepped or type(error).__name__ in ("ProcessRaisedException", "ProcessExitedException")
