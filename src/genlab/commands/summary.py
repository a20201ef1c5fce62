"""The last words of a command that trained: what became of each job, and the exit status."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from genlab.commands.app import App, JobResult

if TYPE_CHECKING:
    from genlab.runs.job import Outcome


def print_summary(app: App) -> int:
    """Print the table of the jobs; 0 when all is well, 1 when a job of a sweep failed, else the one job's status.

    A sweep that a signal has ended has the status of the signal.
    """
    from genlab.signals import Interrupted, end_if_signalled, received

    outcomes = [_outcome(job) for job in app.results]
    if not outcomes:
        end_if_signalled()
        return 0  # --help, --cfg and the like
    _print(outcomes, app)
    if not app.is_sweep:
        return outcomes[0].exit_status
    if (number := received()) is not None:
        print(f"{Interrupted(number)}; the same command goes on with the sweep", file=sys.stderr)
        return Interrupted(number).exit_status
    return 1 if any(outcome.exit_status for outcome in outcomes) else 0


def _outcome(job: JobResult) -> Outcome:
    """The error of a job of a sweep that ended before it owned a run: its words stand for the run's name."""
    from pathlib import Path

    from genlab.crash_report import problems_and_status
    from genlab.runs.job import Outcome

    if isinstance(job.value, Outcome):
        return job.value
    error = job.value if isinstance(job.value, Exception) else RuntimeError(repr(job.value))
    problems, status = problems_and_status(error, job.overrides)
    return Outcome(Path(" ".join(job.overrides)), None, "failed", "; ".join(problems), worked=False, exit_status=status)


def _print(outcomes: list[Outcome], app: App) -> None:
    from rich.console import Console

    from genlab.reports.table import runs_table, swept_keys

    of = zip(outcomes, app.results, strict=True)
    shown = [(outcome, job) for outcome, job in of if outcome.worked or not outcome.exit_status]
    records = [record for outcome, job in shown if (record := _record(outcome, job.overrides)) is not None]
    if records:
        Console().print(runs_table(records, swept_keys(records)))
    for outcome in outcomes:
        if outcome.exit_status == 2:  # the request's fault
            name = f"{outcome.run.name}: " if app.is_sweep else ""
            print(f"error: {name}{outcome.reason}", file=sys.stderr)
        elif outcome.status == "failed":
            print(f"{outcome.run.name} failed: {outcome.reason}; see {outcome.run / 'train.log'}", file=sys.stderr)
        elif outcome.reason:
            print(f"{outcome.run.name}: {outcome.reason}", file=sys.stderr)
    if app.is_sweep:
        done = sum(o.status == "completed" and o.worked for o in outcomes)
        before = sum(o.status == "completed" and not o.worked for o in outcomes)
        failed = sum(o.status == "failed" for o in outcomes)
        pruned = sum(o.status == "pruned" for o in outcomes)
        other = len(outcomes) - done - before - failed - pruned
        counts = f"{done} done, {before} done before, {failed} failed, " + (f"{pruned} pruned, " if pruned else "")
        print(f"{len(outcomes)} jobs: {counts}{other} unfinished")
    folders = [folder for o in outcomes if o.status == "completed" and (folder := o.run / "samples").is_dir()]
    if folders:
        print("Pictures:", *(f"  {_short(folder)}" for folder in folders), sep="\n")


def _record(outcome: Outcome, overrides: list[str]) -> dict[str, Any] | None:
    """The run's record with the scores that were asked for; where these are not there, with none and how that ended."""
    from genlab.redact import redact
    from genlab.runs.measurements import scores
    from genlab.runs.reading import or_noted
    from genlab.runs.store import Run

    run = Run(outcome.run)

    def read() -> dict[str, Any] | None:
        if (record := scores(run, outcome.measurement)) is not None or (trained := scores(run, None)) is None:
            return record
        request = {"overrides": redact(overrides) or trained["overrides"], "status": outcome.status}
        return trained | request | {"metrics": {}, "unscored": {}}

    return or_noted(read)


def _short(path: object) -> str:
    import os

    return os.path.relpath(str(path))
