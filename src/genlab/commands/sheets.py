"""What a sweep of sample or edit ends with: one labelled sheet of what its jobs made, beside their files."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from genlab.commands.app import App

if TYPE_CHECKING:
    from genlab.reports.sheet import Tiles

SHOWN = 4
"""Pictures of a job in its cell."""
_LONGEST = 60


class Made(NamedTuple):
    """What a job of sample or edit has made."""

    place: Path
    """A file, or a folder."""
    tiles: Tiles | None = None
    """Its first pictures; None where they are nothing to look at one by one."""
    prompts: Sequence[str] | None = None
    """What each of the tiles was drawn for, where each has a prompt of its own."""
    original: Tiles | None = None
    """The picture that they were made from."""


def write_sheet(app: App) -> Path | None:
    """Write the sheet of a sweep that has ended; None where there was none, or where nothing is to be seen.

    Returns:
        The picture.
    """
    from genlab.modalities.grids import save_png
    from genlab.modalities.png_text import add_text
    from genlab.reports.sheet import Cell, sheet
    from genlab.reports.sweep_keys import overrides, swept_keys

    jobs = [(job.overrides, job.value) for job in app.results if isinstance(job.value, Made)]
    if not app.is_sweep or len(jobs) < 2 or any(made.tiles is None for _, made in jobs):
        return None
    records = [{"overrides": words} for words, _ in jobs]
    keys = [key for key in swept_keys(records) if key != "out"]
    values = [{key: given[key] for key in keys if key in given} for given in map(overrides, records)]
    cells = [
        Cell(of_job, made.tiles, made.prompts, made.original)
        for of_job, (_, made) in zip(values, jobs, strict=True)
        if made.tiles is not None
    ]
    readable = re.sub(r"[^A-Za-z0-9.]+", "_", "_".join(keys)).strip("_")[:_LONGEST]
    asked = hashlib.sha256("\n".join(f"{made.place} {words}" for words, made in jobs).encode()).hexdigest()[:8]
    path = jobs[0][1].place.parent / f"sheet_{readable}-{asked}.png"
    save_png(path, sheet(cells))
    add_text(path, {"jobs": "\n".join(" ".join(words) for words, _ in jobs)})
    return path
