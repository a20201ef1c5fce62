"""results.json: the results of a study as data, with its results at earlier commits."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from genlab.atomic import write_json
from genlab.reports.collect import Collected
from genlab.reports.ranking import measured_alike
from genlab.reports.studies.claims import LEVEL, MIN_SEEDS, STATISTIC, judge
from genlab.reports.studies.columns import cell
from genlab.reports.studies.runs import answers
from genlab.reports.studies.study import Study
from genlab.runs.reading import Damaged, check_fields, read_json
from genlab.runs.sweeps import Sweep

Results = dict[str, Any]

_SCHEMA = 1
_FIELDS = {
    "scale": str, "date": str, "commits": list[str], "seeds": int, "columns": dict[str, dict[str, Any]],
    "rows": dict[str, dict[str, Any]], "claims": list[dict[str, Any]], "earlier": list[dict[str, Any]],
}  # fmt: skip


def gather(study: Study, sweep: Sweep, command: str) -> tuple[Results, dict[str, list[Collected]]]:
    """The study's numbers and verdicts from its sweep, and of each row the runs of the first seed, to be shown."""
    runs_of, missing = answers(study, sweep)
    rows, shown, alike = {}, {}, _evaluated_alike(study)
    for name, row in study.rows.items():
        runs = runs_of[name]
        rows[name] = {
            "settings": {**row.overrides, **{k: v for k, v in (row.evaluate or {}).items() if k not in alike}},
            "missing": missing.get(name, ""),
            "runs": [run.record["fingerprint"] for of in runs.values() for run in of],
            "cells": {c.name: cell(study, c, row, runs) for c in study.columns.values()} if runs else {},
        }
        if runs:
            shown[name] = runs[min(runs)]
    records = [run.record for of in runs_of.values() for runs in of.values() for run in runs]
    return {
        "schema": _SCHEMA, "study": study.name, "title": study.title, "source": study.source, "note": study.note,
        "scale": study.scale, "says": study.says, "seeds": study.seeds, "seeds_of": study.seeds_of, "command": command,
        "settings": {**_shared(study), **alike}, **_circumstances(records),
        "columns": {c.name: {"title": c.title, "unit": c.unit, "better": c.better, "report": dict(c.report),
                             "counted": c.equals is not None} for c in study.columns.values()},
        "rows": rows, "claims": _claims(study, rows),
        "test": {"statistic": STATISTIC, "level": LEVEL, "min_seeds": MIN_SEEDS},
        "earlier": [],
    }, shown  # fmt: skip


def _shared(study: Study) -> dict[str, Any]:
    """What every row has."""
    own = {key for row in study.rows.values() for key in row.overrides}
    given = {"experiment": study.experiment, **study.overrides, **study.each}
    return {key: value for key, value in given.items() if key not in own}


def _evaluated_alike(study: Study) -> dict[str, Any]:
    """What the evaluations of all rows have, where there are several."""
    first, *others = [dict(row.evaluate or {}) for row in study.rows.values()]
    return {k: v for k, v in first.items() if others and all(k in other and other[k] == v for other in others)}


def _claims(study: Study, rows: Mapping[str, Any]) -> list[dict[str, Any]]:
    cells = {name: {row: entry["cells"].get(name) for row, entry in rows.items()} for name in study.columns}
    values = {
        name: {row: {int(s): v for s, v in c["seeds"].items()} for row, c in of.items() if c}
        for name, of in cells.items()
    }
    measured = {
        name: {row: measured_alike(c) for row, c in of.items() if c}
        for name, of in cells.items()
        if study.columns[name].kind == "metric"
    }
    return [judge(claim, values, list(study.rows), measured).to_json() for claim in study.claims]


def _circumstances(records: list[dict[str, Any]]) -> dict[str, Any]:
    """Commit, device, time: what a reader needs to judge the numbers, and to get them again."""

    def distinct(key: str) -> list[str]:
        values = (str((record.get("environment") or {}).get(key)) for record in records)
        return sorted({value for value in values if value != "None"})

    unique = {(r.get("task_name"), r.get("fingerprint"), str(r.get("evaluation"))): r for r in records}
    return {
        "date": max((str(r.get("finished") or "")[:10] for r in records), default=""),
        "commits": distinct("commit"),
        "torch": distinct("torch"),
        "devices": distinct("device"),
        "threads": distinct("threads"),
        "runs": len(unique),
        "run_seconds": round(math.fsum(float(r.get("seconds") or 0) for r in unique.values()), 1),
    }


def save(results: Results, path: Path) -> Results:
    """Write results.json, keeping under `earlier` what other commits gave; returns what was written.

    Raises:
        Damaged, Newer: the file that is there cannot be used, and is left as it is.
    """
    before = load(path)
    if before is not None:
        results = {**results, "earlier": before["earlier"]}
        if before["commits"] != results["commits"] or before["scale"] != results["scale"]:
            results["earlier"] = [*before["earlier"], _condensed(before)]
    write_json(path, results)
    return results


def load(path: Path) -> Results | None:
    """The results in a file; None when there are none.

    Raises:
        Damaged, Newer: it is there and cannot be used.
    """
    remedy = "move it away"
    if (content := read_json(path, remedy, _SCHEMA)) is None:
        return None
    if lacking := [key for key in _FIELDS if key not in content]:
        raise Damaged(f"{path} is damaged ({lacking[0]} is missing): {remedy}")
    check_fields(content, _FIELDS, path, remedy)
    return content


def moved(results: Results) -> list[str]:
    """A sentence for each number that lies outside its earlier interval, at the same scale, and whose own interval
    does not hold the earlier number."""
    same = [entry for entry in results["earlier"] if entry["scale"] == results["scale"]]
    if not same:
        return []
    last, sentences = same[-1], []
    for row, entry in results["rows"].items():
        for name, now in entry["cells"].items():
            then = last["rows"].get(row, {}).get(name)
            if now and then and not _within(then[0], now) and not _inside(now["value"], then):
                sentences.append(
                    f"{results['columns'][name]['title']} of row {row} moved from {then[0]:.4g} to {now['value']:.4g} "
                    f"since {', '.join(last['commits']) or last['date']}"
                )
    return sentences


def _condensed(results: Results) -> dict[str, Any]:
    rows = {
        row: {name: [c["value"], c["low"], c["high"]] for name, c in entry["cells"].items() if c}
        for row, entry in results["rows"].items()
    }
    return {key: results[key] for key in ("date", "commits", "scale", "seeds")} | {"rows": rows}


def _within(value: float, now: Mapping[str, Any]) -> bool:
    return _inside(value, (now["value"], now["low"], now["high"]))


def _inside(value: float, number: Any) -> bool:
    middle, low, high = number
    return bool((middle if low is None else low) <= value <= (middle if high is None else high))
