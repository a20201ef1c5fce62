"""What the store holds, for tables: every record, and the settings it was asked for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from genlab.runs.lock import owner
from genlab.runs.reading import Unreadable
from genlab.runs.record import Record
from genlab.runs.store import Run, Store
from genlab.runs.sweeps import sweeps_of_runs


def list_records(root: Path | str) -> list[dict[str, Any]]:
    """The record of every run, oldest first, with `settings` (its overrides as a dict), `path` and `sweeps` (their
    names) added.

    A record that says "running" although its process is dead is shown as interrupted: asked for again, it resumes.
    A run whose record cannot be read has the status "damaged" or "newer", what its folder says, and the reason as its
    error. A folder without a record is left out.
    """
    found, sweeps = [], sweeps_of_runs(root)
    for run in Store(root):
        content = _content(run)
        if content is not None:
            content |= {"path": str(run.path), "settings": settings(content["overrides"])}
            content["sweeps"] = sweeps.get(str(run.path), [])
            found.append(content)
    return sorted(found, key=lambda content: content["started"])


def _content(run: Run) -> dict[str, Any] | None:
    try:
        record = run.record()
    except Unreadable as error:
        known = Record(run.path.name, run.path.parent.name, family="", experiment=None, seed=0, overrides=[])
        reason = {"type": type(error).__name__, "message": str(error), "traceback": ""}
        return known.to_json() | {"status": error.state, "seed": None, "error": reason}
    if record is None:
        return None
    content = record.to_json()
    if record.status == "running" and owner(run.lock_file) is None:
        content["status"] = "interrupted"
    return content


def settings(overrides: list[str]) -> dict[str, str]:
    """['model.coding_size=16'] -> {'model.coding_size': '16'}."""
    return dict(word.lstrip("+~").partition("=")[::2] for word in overrides if "=" in word)
