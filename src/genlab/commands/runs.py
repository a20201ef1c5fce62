"""genlab runs: the table of runs, filtered and sorted; a sweep while it runs; why two runs are not the same run."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

from genlab.errors import ConfigError, nearest
from genlab.runs.listing import PLAIN, UNREADABLE

_HELP = """usage: genlab runs [FILTER=VALUE ...] [sort=METRIC] [paths.output_dir=DIR] [--json | --csv | --watch]
       genlab runs --why A B

Filters: status=completed|running|interrupted|pruned|failed, task_name=, experiment=, family=, seed=, sweep=,
fingerprint=, and any overridden key, as in model.coding_size=16 or coding_size=16. Values may be cut short with *:
experiment=diffusion/*. Runs whose record cannot be read have the status damaged, or newer (of a newer genlab).
sort=METRIC puts the best first, sort=-METRIC the worst, sort=seconds the quickest, sort=started the oldest.
--watch draws the runs again every two seconds, running ones with their progress, loss, speed and the time left; with
sweep=NAME until the sweep is finished.
--why prints the keys in which two runs differ (folders, or fingerprints of the store).
"""
_FLAGS = ("--json", "--csv", "--watch", "--why", "--help", "-h")
_WATCH_SECONDS = 2.0


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
        bare = [word for word in argv if not word.startswith(("-", "paths.output_dir="))]
        if len(bare) != 2:
            raise ConfigError(f"--why takes two runs, not {len(bare)}")
        return _why(root, *bare)
    bare = [word for word in argv if not word.startswith("-") and "=" not in word]
    if bare:
        raise ConfigError(f"genlab runs takes filters such as status=failed, not {bare[0]!r}")
    sort = given.pop("sort", None)
    if "--watch" in argv:
        return _watch(root, given, sort)
    records = _records(root, given, sort)
    for record in records:
        if record["status"] in UNREADABLE:
            print(f"note: {record['error']['message']}", file=sys.stderr)
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
    from genlab.runs.listing import list_records, matching, ranked

    records = list_records(root)
    kept = matching(records, filters)
    return kept if sort is None else ranked(kept, sort, among=records)


def _print(records: list[dict[str, Any]]) -> None:
    from rich.console import Console

    from genlab.reports.table import runs_table, swept_keys

    Console().print(runs_table(records, swept_keys(records)))


def _csv(records: list[dict[str, Any]]) -> None:
    """A row a run: what it is, what was asked for, every score with its interval, and why it failed."""
    from genlab.reports.spreadsheet import csv_text

    settings = sorted({key for record in records for key in record["settings"] if key not in PLAIN})
    metrics = sorted({name for record in records for name in record["metrics"]})
    ends = [f"{name}{end}" for name in metrics for end in ("", "_low", "_high")]
    facts = ["fingerprint", "task_name", "experiment", "family", "seed", "status", "started", "seconds"]
    rows = []
    for record in records:
        scores = [record["metrics"].get(name, {}).get(part) for name in metrics for part in ("value", "low", "high")]
        values = [record["settings"].get(key) for key in settings]
        error = record["error"] and f"{record['error']['type']}: {record['error']['message']}"
        rows.append([*(record[fact] for fact in facts), *values, *scores, error, record["path"]])
    print(csv_text([*facts, *settings, *ends, "error", "path"], rows), end="")


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
    """Draw until Ctrl-C, or until the sweep that was asked for is finished."""
    from rich.live import Live

    from genlab.reports.watch import live_view
    from genlab.runs.progress import progress, waiting
    from genlab.runs.store import Run
    from genlab.runs.sweeps import Sweep
    from genlab.signals import Interrupted

    sweep = filters.get("sweep")
    with Live(auto_refresh=False) as live:
        try:
            while True:
                records = _records(root, filters, sort)
                running = {r["path"]: progress(Run(Path(r["path"]))) for r in records if r["status"] == "running"}
                rows = Sweep(root, sweep).rows() if sweep is not None and list(filters) == ["sweep"] else []
                left = waiting(rows, records, Path(root).expanduser().resolve())
                live.update(live_view(records, running, left), refresh=True)
                if rows and not running and not left:
                    return 0
                time.sleep(_WATCH_SECONDS)
        except KeyboardInterrupt:
            return 0
        except Interrupted as ending:
            if not ending.is_ctrl_c:
                raise
            return 0
