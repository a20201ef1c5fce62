"""What became of the jobs of a launcher that has lost one of them and says nothing of the others."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

from omegaconf import DictConfig

from genlab.runs.job import Job, Outcome, reason_of
from genlab.runs.lock import owner
from genlab.runs.measurements import file_of, is_measured
from genlab.runs.reading import Unreadable

_EVERY_SECONDS = 0.5


def orphaned(configs: Sequence[DictConfig], since: float, error: Exception) -> list[Outcome] | None:
    """How each job ended, read from its run folder, when none of them works any more.

    Args:
        configs: those of the jobs.
        since: when they were handed to the launcher, in seconds since 1970.
        error: what the launcher raised.

    Returns:
        None where no job has begun since then: the launcher itself could not start.
    """
    jobs = [Job(cfg) for cfg in configs]
    if not any(_is_of_now(job.run.path, since) for job in jobs):  # its folder, where whoever works puts a lock
        return None
    while any(owner(job.run.lock_file) for job in jobs):
        time.sleep(_EVERY_SECONDS)
    return [_outcome(job, since, error) for job in jobs]


def _is_of_now(path: Path, since: float) -> bool:
    return path.exists() and path.stat().st_mtime > since - 1  # clocks of file systems are coarse


def _outcome(job: Job, since: float, error: Exception) -> Outcome:
    try:
        record = job.run.record()
        if record is None:
            return job.unbegun()
        is_unmeasured = record.status == "completed" and not is_measured(job.cfg, job.run, record)
    except Unreadable as damage:
        return job.refused(damage)
    if record.status == "running" or is_unmeasured:
        reason = next(iter(str(error).strip().splitlines()), error)
        return job.crashed(RuntimeError(f"the job's process is gone; its launcher says: {reason!r}"))
    reason = reason_of(record) if record.status == "failed" else ""
    status = 0 if record.status in ("completed", "pruned") else 1
    worked = _is_of_now(file_of(job.cfg, job.run, record), since)
    return job.outcome(record.status, reason, worked=worked, exit_status=status)
