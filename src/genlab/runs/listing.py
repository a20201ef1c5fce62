"""What the store holds, for tables: every record, the settings it was asked for, and how far running ones are."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from genlab.runs import history
from genlab.runs.lock import owner
from genlab.runs.store import Run, Store
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


def progress_lines(root: Path | str, records: list[dict[str, Any]]) -> list[str]:
    """One line for each running run: its step, loss and speed."""
    lines = []
    for record in records:
        if record["status"] != "running":
            continue
        steps = [line for line in history.read(Run(Path(record["path"])).history_file) if "loss" in line]
        if steps:
            last = steps[-1]
            rate = last["step"] / last["seconds"] if last["seconds"] else 0.0
            lines.append(
                f"{record['fingerprint']}: step {last['step']}, epoch {last['epoch'] + 1}, "
                f"loss {last['loss']:.4g}, {rate:.1f} steps/s"
            )
        else:
            lines.append(f"{record['fingerprint']}: starting ({time.strftime('%H:%M:%S')})")
    return lines
