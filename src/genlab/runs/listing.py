"""What the store holds, for tables: every record, and the settings it was asked for."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from genlab.errors import ConfigError, listed, nearest
from genlab.runs.lock import owner
from genlab.runs.reading import Unreadable
from genlab.runs.record import Record
from genlab.runs.store import Run, Store
from genlab.runs.sweeps import sweeps_of_runs

UNREADABLE = ("damaged", "newer")
"""The status of a run whose record cannot be read."""
PLAIN = ("status", "task_name", "experiment", "family", "seed", "fingerprint", "sweep")
"""What runs are filtered by, beside their settings."""


def list_records(root: Path | str) -> list[dict[str, Any]]:
    """The record of every run, oldest first, with `settings` (its overrides as a dict), `path` and `sweeps` (their
    names) added.

    A record that says "running" although its process is dead is shown as interrupted: asked for again, it resumes.
    A run whose record cannot be read has the status "damaged" or "newer", what its folder says, and the reason as its
    error. A folder without a record is left out.
    """
    records, sweeps = [], sweeps_of_runs(root)
    for run in Store(root):
        content = _content(run)
        if content is not None:
            content |= {"path": str(run.path), "settings": settings(content["overrides"])}
            content["sweeps"] = sweeps.get(str(run.path), [])
            records.append(content)
    return sorted(records, key=lambda content: content["started"])


def _content(run: Run) -> dict[str, Any] | None:
    try:
        record = run.record()
    except Unreadable as error:
        folder = Record(run.path.name, run.path.parent.name, family="", experiment=None, seed=0, overrides=[])
        reason = {"type": type(error).__name__, "message": str(error), "traceback": ""}
        return folder.to_json() | {"status": error.state, "seed": None, "error": reason}
    if record is None:
        return None
    content = record.to_json()
    if record.status == "running" and owner(run.lock_file) is None:
        content["status"] = "interrupted"
    return content


def settings(overrides: list[str]) -> dict[str, str]:
    """['model.coding_size=16'] -> {'model.coding_size': '16'}."""
    return dict(word.lstrip("+~").partition("=")[::2] for word in overrides if "=" in word)


def matching(records: Sequence[dict[str, Any]], filters: Mapping[str, str]) -> list[dict[str, Any]]:
    """The records of `list_records` that have these values, which may be cut short with *: experiment=diffusion/*.

    Args:
        filters: one of PLAIN or an overridden key, whole or its ending -> the value as text.

    Raises:
        ConfigError: no run has such a key.
    """
    kept = list(records)
    for key, pattern in filters.items():
        full = _full(key, records)
        if key == "sweep":
            kept = [record for record in kept if any(_fits(name, pattern) for name in record["sweeps"])]
        else:
            kept = [record for record in kept if _fits(record["settings"].get(full, record.get(full)), pattern)]
    return kept


def ranked(
    records: Sequence[dict[str, Any]], sort: str, among: Sequence[dict[str, Any]] | None = None
) -> list[dict[str, Any]]:
    """The records in an order: the best, the quickest or the oldest first, and those without that number last.

    Args:
        sort: a metric, "seconds" or "started"; with "-" before it the other way round.
        among: the records whose metrics may be named; None for `records`.

    Raises:
        ConfigError: none of them has that metric.
    """
    if not records:
        return []
    name, worst_first = sort.removeprefix("-"), sort.startswith("-")
    if name == "started":
        return sorted(records, key=lambda record: str(record["started"]), reverse=worst_first)
    metrics = {name for record in among or records for name in record["metrics"]} | {"seconds", "started"}
    if name not in metrics:
        hint = nearest(name, metrics) or f"; there are {listed(metrics)}"
        raise ConfigError(f"sort = {name!r} is no metric of these runs{hint}")
    scored = [record for record in records if _rank(record, name) is not None]
    scored.sort(key=lambda record: _rank(record, name) or 0.0, reverse=worst_first)
    return scored + [record for record in records if _rank(record, name) is None]


def _full(key: str, records: Sequence[dict[str, Any]]) -> str:
    """The key that a filter means: itself, or the only overridden one that ends with it."""
    keys = {*PLAIN, *(setting for record in records for setting in record["settings"])}
    if key in keys or not records:
        return key
    ending = [setting for setting in keys if setting.endswith(f".{key}")]
    if len(ending) == 1:
        return ending[0]
    raise ConfigError(f"no run has a key {key!r}{nearest(key, keys) or f'; there are {listed(ending or keys)}'}")


def _fits(value: Any, pattern: str) -> bool:
    return value is not None and fnmatchcase(str(value), pattern)


def _rank(record: dict[str, Any], name: str) -> float | None:
    """Smaller is better; None for a run without that number."""
    if record["status"] in UNREADABLE:
        return None
    if name == "seconds":
        return float(record["seconds"])
    score = record["metrics"].get(name)
    value = math.nan if score is None else float(score["value"])
    return value * (1 if score is None or score.get("better") == "lower" else -1) if math.isfinite(value) else None
