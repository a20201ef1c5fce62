"""What became of the jobs of a launcher that has lost one of them and says nothing of the others."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

from omegaconf import DictConfig

from genlab.runs.job import Outcome, crashed, find, outcome, reason_of, refused, unbegun
from genlab.runs.lock import owner
from genlab.runs.measurements import file_of, is_measured
from genlab.runs.reading import Unreadable
from genlab.runs.store import Run

_EVERY_SECONDS = 0.5


def orphaned(jobs: Sequence[DictConfig], since: float, error: Exception) -> list[Outcome] | None:
    """How each job ended, told by its run folder, when none of them works any more.

    Args:
        jobs: their configs.
        since: when they were handed to the launcher, in seconds since 1970.
        error: what the launcher raised.

    Returns:
        None where no job has begun since then: the launcher itself could not start.
    """
    runs = [find(cfg) for cfg in jobs]
    if not any(_is_of_now(run.path, since) for run in runs):  # its folder, where whoever works puts a lock
        return None
    while any(owner(run.lock_file) for run in runs):
        time.sleep(_EVERY_SECONDS)
    return [_outcome(cfg, run, since, error) for cfg, run in zip(jobs, runs, strict=True)]


def _is_of_now(path: Path, since: float) -> bool:
    return path.exists() and path.stat().st_mtime > since - 1  # clocks of file systems are coarse


def _outcome(cfg: DictConfig, run: Run, since: float, error: Exception) -> Outcome:
    try:
        record = run.record()
        if record is None:
            return unbegun(cfg, run)
        is_unmeasured = record.status == "completed" and not is_measured(cfg, run, record)
    except Unreadable as damage:
        return refused(cfg, run, damage)
    if record.status == "running" or is_unmeasured:
        said = str(error).strip().splitlines()
        gone = RuntimeError(f"the job's process is gone; its launcher says: {said[0] if said else error!r}")
        return crashed(cfg, run, gone)
    reason = reason_of(record) if record.status == "failed" else ""
    status = 0 if record.status in ("completed", "pruned") else 1
    worked = _is_of_now(file_of(cfg, run, record), since)
    return outcome(cfg, run, record.status, reason, worked=worked, exit_status=status)
