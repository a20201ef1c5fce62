"""What the store holds, for tables: every record, and the settings it was asked for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from genlab.runs.lock import owner
from genlab.runs.store import Store
from genlab.runs.sweeps import sweeps_of_runs


def list_records(root: Path | str) -> list[dict[str, Any]]:
    """The record of every run, oldest first, with `settings` (its overrides as a dict), `path` and `sweeps` (their
    names) added.

    A record that says "running" although its process is dead is shown as interrupted: asked for again, it resumes.
    A folder without a readable record is left out.
    """
    found, sweeps = [], sweeps_of_runs(root)
    for run in Store(root):
        record = run.record()
        if record is None:
            continue
        content = record.to_json() | {"path": str(run.path), "settings": settings(record.overrides)}
        content["sweeps"] = sweeps.get(str(run.path), [])
        if record.status == "running" and owner(run.lock_file) is None:
            content["status"] = "interrupted"
        found.append(content)
    return sorted(found, key=lambda content: content["started"])


def settings(overrides: list[str]) -> dict[str, str]:
    """['model.coding_size=16'] -> {'model.coding_size': '16'}."""
    return dict(word.lstrip("+~").partition("=")[::2] for word in overrides if "=" in word)
