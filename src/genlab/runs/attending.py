"""What became of the jobs of a launcher that has lost one of them and says nothing of the others."""

from __future__ import annotations

import time
from collections.abc import Sequence

from omegaconf import DictConfig

from genlab.runs.job import Outcome, buried, find, reason_of, unbegun
from genlab.runs.lock import owner
from genlab.runs.reading import Unreadable
from genlab.runs.store import Run

_EVERY_SECONDS = 0.5


def attend(jobs: Sequence[DictConfig], since: float, error: Exception) -> list[Outcome] | None:
    """How each job ended, told by its run folder, when none of them works any more.

    Args:
        jobs: their configs.
        since: when they were handed to the launcher, in seconds since 1970.
        error: what the launcher raised.

    Returns:
        None where no job has begun since then: the launcher itself could not start.
    """
    runs = [find(cfg) for cfg in jobs]
    if not any(_is_of_now(run, since) for run in runs):
        return None
    while any(owner(run.lock_file) for run in runs):
        time.sleep(_EVERY_SECONDS)
    return [_outcome(run, since, error) for run in runs]


def _is_of_now(run: Run, since: float) -> bool:
    return run.record_file.exists() and run.record_file.stat().st_mtime > since - 1  # clocks of file systems are coarse


def _outcome(run: Run, since: float, error: Exception) -> Outcome:
    try:
        record = run.record()
    except Unreadable as damage:
        return Outcome(run.path, "failed", str(damage), worked=False, exit_status=2)
    if record is None:
        return unbegun(run)
    if record.status == "running":
        said = str(error).strip().splitlines()
        return buried(
            run, RuntimeError(f"the job's process is gone; its launcher says: {said[0] if said else error!r}")
        )
    reason = reason_of(record) if record.status == "failed" else ""
    status = 0 if record.status in ("completed", "pruned") else 1
    return Outcome(run.path, record.status, reason, worked=_is_of_now(run, since), exit_status=status)
