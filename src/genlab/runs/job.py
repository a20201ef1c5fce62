"""The life of one run: find its folder, own it, work, and write down how it ended, whatever happens."""

from __future__ import annotations

import contextlib
import logging
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from omegaconf import DictConfig, OmegaConf, open_dict

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
from genlab.signals import end_if_asked
from genlab.training_stopped import Ended

Work = Callable[[DictConfig, Run, Record], None]

_WAIT_SECONDS = 1.0


@dataclass(frozen=True)
class Outcome:
    """How a request for a run ended."""

    run: Path
    measurement: str | None
    """What was asked to be measured, see `runs.measurements`; two jobs of a sweep may ask it of one run."""
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


def done_before(cfg: DictConfig) -> Outcome | None:
    """The outcome of a run that is completed, or whose record cannot be used; None when there is work left."""
    run = find(cfg)
    try:
        record = run.record()
        done = record is not None and _is_done(cfg, run, record)
    except Unreadable as error:
        return refused(cfg, run, error)
    return _done(cfg, run) if done else None


def is_trained(cfg: DictConfig) -> bool:
    """Whether nothing is left to train of the run that `cfg` asks for, or its record cannot be used."""
    run = find(cfg)
    try:
        record = run.record()
    except Unreadable:
        return True
    return record is not None and record.status == "completed" and not _begins_again(cfg, run)


def carry_out(
    cfg: DictConfig, overrides: list[str], experiment: str | None, work: Work, measure: Work | None = None
) -> Outcome:
    """Do `work` for the run that `cfg` asks for, unless its record says that there is nothing to do.

    A finished run that was not measured as `cfg` asks gets `measure` instead, which fills in the scores of a record.

    An error of the work ends in record.json and in the outcome, and is not raised: a sweep goes on. What cannot begin,
    because a file of the run is damaged or a device is not there, ends in the outcome alone.
    """
    run = find(cfg)
    with open_dict(cfg):
        cfg.paths.run_dir = str(run.path)

    def attempt() -> Outcome:
        try:
            with Lock(run.lock_file):
                return _owned(cfg, run, _new(cfg, run, overrides, experiment), work, measure)
        except RunIsLocked as locked:
            return outcome(cfg, run, "running", str(locked), worked=False)
        except ConfigError as error:
            return refused(cfg, run, error)

    return when_free(attempt) if _measures_with_others(cfg, run) else attempt()


def when_free(ask: Callable[[], Outcome]) -> Outcome:
    """Ask for a run until nobody else works on it: its owner works, or is dead, so there is no limit.

    A notice says whom it waits for, once.
    """
    told = False
    while (ended := ask()).status == "running":
        if not told:
            warnings.warn(f"waiting: {ended.reason}", Notice, stacklevel=2)
        told = True
        time.sleep(_WAIT_SECONDS)
    return ended


def outcome(
    cfg: DictConfig, run: Run, status: Status, reason: str = "", worked: bool = True, exit_status: int = 0
) -> Outcome:
    """How the request `cfg` for `run` ended: with the name of what it asks to be measured."""
    return Outcome(run.path, measurement(cfg), status, reason, worked, exit_status)


def refused(cfg: DictConfig, run: Run, error: ConfigError) -> Outcome:
    """The outcome of a request that could not begin."""
    return outcome(cfg, run, "failed", sentence(error), worked=False, exit_status=2)


def _measures_with_others(cfg: DictConfig, run: Run) -> bool:
    """Whether other jobs of the sweep want the same run, measured in another way: then this one waits for them."""
    rows = Sweep(cfg.paths.output_dir, str(cfg.sweep)).rows() if cfg.get("sweep") else []
    return sum(row["fingerprint"] == run.path.name and row["task_name"] == cfg.task_name for row in rows) > 1


def _owned(cfg: DictConfig, run: Run, new: Record, work: Work, measure: Work | None) -> Outcome:
    record = run.record() or new
    if record.status == "completed" and _begins_again(cfg, run):
        set_aside(run, record)
        record = new
    elif record.status == "completed":
        if measure is None or is_measured(cfg, run, record):
            return _done(cfg, run)
        check_devices(cfg.trainer)
        return _measure(cfg, run, record, new, measure)
    if record.status == "failed" and record.tries > cfg.retries:
        reason = f"failed {record.tries} times, the last with {reason_of(record)}; retries={record.tries} tries again"
        return outcome(cfg, run, "failed", reason, worked=False, exit_status=1)
    check_devices(cfg.trainer)
    history.read(run.history_file)  # refused here when it is damaged, before the record says "running"
    if record.status == "failed" and not record.tries:
        record.overrides, record.experiment = new.overrides, new.experiment  # those of the request that works
    remove_leftovers(run.path)
    return _work(cfg, run, record, work)


def _is_done(cfg: DictConfig, run: Run, record: Record) -> bool:
    return record.status == "completed" and is_measured(cfg, run, record) and not _begins_again(cfg, run)


def _begins_again(cfg: DictConfig, run: Run) -> bool:
    """Whether a finished run is to be trained again: with restart=true, where none of its checkpoints is whole."""
    return bool(cfg.restart and cfg.train) and run.checkpoint() is None


def _done(cfg: DictConfig, run: Run) -> Outcome:
    return replace(outcome(cfg, run, "completed", "done before", worked=False), trained=False)


def _measure(cfg: DictConfig, run: Run, record: Record, new: Record, measure: Work) -> Outcome:
    """Score a finished run in another way; whatever happens, the run stays finished."""
    watch = Stopwatch()
    measured = replace(record, overrides=new.overrides, experiment=new.experiment, metrics={}, unscored={})
    measured.started = now()
    with logged_to(run.log_file):
        try:
            measure(cfg, run, measured)
            end_if_asked()
            keep(cfg, run, record, measured, round(watch.seconds, 3))
        except Ended as ending:
            return _ended(cfg, run, ending)
        except (Exception, SystemExit) as error:
            said = plainly(error)
            measured.end("failed", watch.seconds, said)
            return _told(cfg, run, measured, said)
    return replace(outcome(cfg, run, "completed", "trained before; scored as asked"), trained=False)


def _new(cfg: DictConfig, run: Run, overrides: list[str], experiment: str | None) -> Record:
    return Record(
        fingerprint=run.path.name, task_name=cfg.task_name, family=family_name(str(cfg.model._target_)),
        experiment=experiment, seed=cfg.seed, overrides=overrides,
    )  # fmt: skip


def _work(cfg: DictConfig, run: Run, record: Record, work: Work) -> Outcome:
    watch = Stopwatch()
    with logged_to(run.log_file):
        try:
            record.begin()
            record.save(run.record_file)
            save_config(cfg, run.config_file)
            with Reserve(run.path / ".reserve"):
                work(cfg, run, record)
            end_if_asked()
            record.measurement = measurement(cfg)
            record.end("completed", watch.seconds)
            record.save(run.record_file)
        except Ended as ending:
            record.end(ending.status, watch.seconds)
            record.save(run.record_file)
            return _ended(cfg, run, ending)
        except KeyboardInterrupt:  # outside the main thread, where signals are not handled
            record.end("interrupted", watch.seconds)
            record.save(run.record_file)
            raise
        except (Exception, SystemExit) as error:
            return _failed(cfg, run, record, error, watch)
        return outcome(cfg, run, "completed")


def _ended(cfg: DictConfig, run: Run, ending: Ended) -> Outcome:
    again = f"{ending}; the same command resumes it" if ending.status == "interrupted" else str(ending)
    return outcome(cfg, run, ending.status, again, exit_status=ending.exit_status)


def unbegun(cfg: DictConfig, run: Run) -> Outcome:
    """The outcome of a run that was asked for and not begun, as the command was ended before."""
    return outcome(cfg, run, "interrupted", "it has not begun; the same command runs it", worked=False, exit_status=1)


def _failed(cfg: DictConfig, run: Run, record: Record, error: Exception | SystemExit, watch: Stopwatch) -> Outcome:
    said = plainly(error)
    record.end("failed", watch.seconds, said, is_try=_is_try(record, error, said))
    with contextlib.suppress(DiskFull):
        record.save(run.record_file)
    return _told(cfg, run, record, said)


def _told(cfg: DictConfig, run: Run, record: Record, said: Exception) -> Outcome:
    of_request = isinstance(said, ConfigError)
    assert record.error is not None
    logging.getLogger("genlab").error("%s", record.error["traceback"])
    reason = redact_text(sentence(said)) if of_request else reason_of(record)
    return outcome(cfg, run, "failed", reason, exit_status=2 if of_request else 1)


def _is_try(record: Record, error: Exception | SystemExit, said: Exception) -> bool:
    """Whether an error is the training's own: not the request's, not the machine's, and not from before a step.

    Of processes that Lightning has started, nobody knows how far they came.
    """
    if isinstance(said, ConfigError | OSError):
        return False
    return record.has_stepped or type(error).__name__ in ("ProcessRaisedException", "ProcessExitedException")


def mark_crashed(cfg: DictConfig, error: Exception) -> Outcome:
    """Write down that the process of a job is gone, after it has died without a word."""
    return crashed(cfg, find(cfg), error)


def crashed(cfg: DictConfig, run: Run, error: Exception) -> Outcome:
    """The outcome of a run whose process is gone, which its record says from now on."""
    if (record := or_noted(run.record)) is not None and record.status == "running":
        record.end("failed", 0.0, error, is_try=not isinstance(error, OSError))
        record.save(run.record_file)
    return outcome(cfg, run, "failed", str(error), exit_status=1)


def reason_of(record: Record) -> str:
    """Why a run failed, in one line."""
    if record.error is None:
        return "an unknown error"
    return f"{record.error['type']}: {record.error['message'].splitlines()[0]}"
