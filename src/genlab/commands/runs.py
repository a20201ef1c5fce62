"""genlab runs: the table of runs, filtered and sorted; why two runs are not the same run."""

from __future__ import annotations

import csv
import json
import sys
import time
from pathlib import Path
from typing import Any

from genlab.config.errors import ConfigError, listed, nearest

_HELP = """usage: genlab runs [FILTER=VALUE ...] [sort=METRIC] [paths.output_dir=DIR] [--json | --csv | --watch]
       genlab runs --why A B

Filters: status=completed|failed|interrupted|running, task_name=, experiment=, family=, seed=, sweep=, fingerprint=,
and any overridden key, as in model.coding_size=16. Values may be cut short with *: experiment=diffusion/*.
sort=METRIC puts the best first, sort=-METRIC the worst, sort=seconds the quickest.
--watch draws the table again every two seconds, with the step and the loss of what is running.
--why prints the keys in which two runs differ (folders, or fingerprints of the store).
"""
_FLAGS = ("--json", "--csv", "--watch", "--why", "--help", "-h")
_PLAIN = ("status", "task_name", "experiment", "family", "seed", "fingerprint", "sweep")


def main(argv: list[str]) -> int:
    """Print runs; exit status 0, or 1 when a filter leaves none."""
    if {"--help", "-h"} & set(argv):
        print(_HELP, end="")
        return 0
    for word in argv:
        if word.startswith("-") and word not in _FLAGS:
            raise ConfigError(f"genlab runs has no {word!r}{nearest(word, _FLAGS)}")
    given = dict(word.partition("=")[::2] for word in argv if "=" in word and not word.startswith("-"))
    root = given.pop("paths.output_dir", "outputs")
    if "--why" in argv:
        names = [word for word in argv if not word.startswith("-") and "=" not in word]
        if len(names) != 2:
            raise ConfigError(f"--why takes two runs, not {len(names)}")
        return _why(root, *names)
    sort = given.pop("sort", None)
    if "--watch" in argv:
        return _watch(root, given, sort)
    records = _records(root, given, sort)
    if "--json" in argv:
        print(json.dumps(records, indent=2))
    elif "--csv" in argv:
        _csv(records)
    elif records:
        _print(records)
    else:
        what = " ".join(f"{k}={v}" for k, v in given.items())
        print(f"{Path(root).resolve()} holds no run{' with ' + what if what else ''}", file=sys.stderr)
    return 0 if records else 1


def _records(root: str, filters: dict[str, str], sort: str | None) -> list[dict[str, Any]]:
    from genlab.runs.listing import list_records

    records = list_records(root)
    known = {*_PLAIN, *(key for record in records for key in record["settings"])}
    for key, wanted in filters.items():
        if records and key not in known:
            raise ConfigError(f"no run has a key {key!r}{nearest(key, known) or f'; there are {listed(known)}'}")
        if key == "sweep":
            records = [r for r in records if any(_matches(name, wanted) for name in r["sweeps"])]
        else:
            records = [r for r in records if _matches(r["settings"].get(key, r.get(key)), wanted)]
    if sort is not None:
        metrics = {name for record in records for name in record["metrics"]} | {"seconds"}
        name = sort.lstrip("-")
        if records and name not in metrics:
            raise ConfigError(f"sort = {name!r} is no metric of these runs{nearest(name, metrics)}")
        records.sort(key=lambda record: _rank(record, name), reverse=sort.startswith("-"))
    return records


def _matches(value: Any, wanted: str) -> bool:
    from fnmatch import fnmatchcase

    return value is not None and fnmatchcase(str(value), wanted)


def _rank(record: dict[str, Any], name: str) -> float:
    if name == "seconds":
        return float(record["seconds"])
    score = record["metrics"].get(name)
    if score is None:
        return float("inf")
    return float(score["value"]) * (1 if score["better"] == "lower" else -1)


def _print(records: list[dict[str, Any]]) -> None:
    from rich.console import Console

    from genlab.reports.table import runs_table, swept_keys

    Console().print(runs_table(records, swept_keys(records)))


def _csv(records: list[dict[str, Any]]) -> None:
    settings = sorted({key for record in records for key in record["settings"]})
    metrics = sorted({name for record in records for name in record["metrics"]})
    writer = csv.writer(sys.stdout)
    ends = [f"{name}{end}" for name in metrics for end in ("", "_low", "_high")]
    writer.writerow(["fingerprint", "status", "seconds", *settings, *ends])
    for record in records:
        scores = [record["metrics"].get(name, {}).get(part) for name in metrics for part in ("value", "low", "high")]
        row = [record["settings"].get(key) for key in settings]
        writer.writerow([record["fingerprint"], record["status"], record["seconds"], *row, *scores])


def _why(root: str, first: str, second: str) -> int:
    from genlab.config.difference import differences
    from genlab.config.resolvers import register_resolvers
    from genlab.runs.store import Store

    register_resolvers()
    store = Store(root)
    a, b = store.find(first), store.find(second)
    rows = differences(a.config(), b.config())
    checksums = [(record.data.get("sha256") if (record := run.record()) else None) for run in (a, b)]
    if checksums[0] != checksums[1]:
        rows.append(("the data's checksum", checksums[0], checksums[1]))
    if not rows:
        print("the two runs ask for the same result")
    for key, left, right in rows:
        print(f"{key}: {left} | {right}")
    return 0


def _watch(root: str, filters: dict[str, str], sort: str | None) -> int:
    from rich.console import Group
    from rich.live import Live
    from rich.text import Text

    from genlab.reports.table import runs_table, swept_keys
    from genlab.runs.listing import progress_lines

    with Live(refresh_per_second=1) as live:
        while True:
            try:
                records = _records(root, filters, sort)
                lines = [Text(line) for line in progress_lines(root, records)]
                live.update(Group(runs_table(records, swept_keys(records)), *lines))
                time.sleep(2)
            except KeyboardInterrupt:
                return 0
