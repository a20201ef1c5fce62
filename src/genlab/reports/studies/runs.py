"""The runs of a study: what to ask the store for, and which run answers which row, seed and value."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path
from typing import Any

from genlab.config.keys import is_shown
from genlab.reports.collect import Collected, collect
from genlab.reports.studies.study import Study
from genlab.runs.sweeps import Sweep


@dataclass(frozen=True)
class Job:
    """One training that a row needs, and the evaluation of it that the row is about, if it is about one."""

    row: str
    seed: int
    overrides: Mapping[str, Any] = field(hash=False)
    evaluate: Mapping[str, Any] | None = field(default=None, hash=False)

    @property
    def words(self) -> frozenset[str]:
        """The overrides as a sweep over rows writes them."""
        from genlab.config.explicit_rows import words

        return _decisive(words(self.overrides))


def jobs(study: Study) -> Iterator[Job]:
    """Every training of a study, rows in order; rows that differ in their evaluation alone ask for the same one."""
    of_samples = study.seeds_of == "samples"
    for row in study.rows.values():
        for seed, values in product(range(study.seeds), product(*study.each.values())):
            each = dict(zip(study.each, values, strict=True))
            trained = {"seed": 0 if of_samples else seed}
            given = {"experiment": study.experiment, **study.overrides, **row.overrides, **each, **trained}
            evaluate = {**(row.evaluate or {}), "metrics.seed": seed} if of_samples else row.evaluate
            yield Job(row.name, seed, given, evaluate)


def folders(study: Study, sweep: Sweep) -> dict[Job, Path]:
    """The run folder of each job, from the sweep's manifest; a job that was never planned is left out."""
    root = sweep.folder.parents[1]
    return {job: root / row["run"] for job, row in _planned(study, sweep).items()}


def _planned(study: Study, sweep: Sweep) -> dict[Job, dict[str, Any]]:
    """Job -> the row of the manifest that asks for the same."""
    rows = {_decisive(row["overrides"]): row for row in sweep.rows()}
    return {job: rows[job.words] for job in jobs(study) if job.words in rows}


def _decisive(words: Iterable[str]) -> frozenset[str]:
    """The overrides without those that say where and how rows are run, and not what they are."""
    return frozenset(word for word in words if is_shown(word.partition("=")[0]))


def answers(study: Study, sweep: Sweep) -> tuple[dict[str, dict[int, list[Collected]]], dict[str, str]]:
    """row -> seed -> its completed runs, and row -> what is missing of it."""
    by_row: dict[str, dict[int, list[Collected]]] = {name: {} for name in study.rows}
    missing: dict[str, list[str]] = {}
    where, planned = folders(study, sweep), _planned(study, sweep)
    for job in jobs(study):
        runs = by_row[job.row].setdefault(job.seed, [])
        if (path := where.get(job)) is None or not (path / "record.json").is_file():
            missing.setdefault(job.row, []).append(f"seed {job.seed} was not run")
            continue
        measured = planned[job].get("measurement")
        of_row = [run for run in collect([path]) if _answers(run, job, measured)]
        of_row = [run for run in of_row if run.record.get("measurement") == measured] or of_row
        done = [run for run in of_row if run.record.get("status") == "completed"]
        if done:
            runs.append(done[0])
        else:
            missing.setdefault(job.row, []).append(f"seed {job.seed} {_status(of_row)}")
    complete = {row: {s: runs for s, runs in of.items() if len(runs) == _expected(study)} for row, of in by_row.items()}
    return complete, {row: "; ".join(dict.fromkeys(what)) for row, what in missing.items()}


def _expected(study: Study) -> int:
    n = 1
    for values in study.each.values():
        n *= len(values)
    return n


def _answers(run: Collected, job: Job, measured: str | None) -> bool:
    """Whether this is the training of a job, measured as it asks; for one with an evaluation, that evaluation, which
    asked for the same and for nothing more."""
    from genlab.config.explicit_rows import words

    if job.evaluate is None:
        own = run.record.get("measurement")  # older records have none
        return own == measured if measured and own else "evaluation" not in run.record
    own = run.record.get("evaluation_overrides")
    return own is not None and _decisive(words(job.evaluate)) == _decisive(own)


def _status(runs: list[Collected]) -> str:
    if not runs:
        return "was not evaluated"
    record = runs[0].record
    error = record.get("error") or {}
    return f"{record.get('status')}{': ' + str(error['message']).splitlines()[0] if error.get('message') else ''}"


def write_rows(path: Path, jobs: list[Job]) -> None:
    """The file that `genlab train -m rows=FILE` reads; a training that several rows share is in it once."""
    from genlab.atomic import write_text

    rows = list({job.words: dict(job.overrides) for job in jobs}.values())
    write_text(path, json.dumps({"rows": rows}, indent=1))  # JSON is YAML
