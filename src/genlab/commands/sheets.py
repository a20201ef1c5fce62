"""What a sweep of sample or edit ends with: one labelled sheet of what its jobs made, beside their files."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from genlab.commands.app import App
from genlab.commands.naming import without_places

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
    from genlab.modalities.png_text import add_text
    from genlab.reports.sweep_keys import overrides, swept_keys

    jobs = [(job.overrides, job.value) for job in app.results if isinstance(job.value, Made)]
    if not app.is_sweep or len(jobs) < 2 or any(made.tiles is None for _, made in jobs):
        return None
    keys = [key for key in swept_keys([{"overrides": words} for words, _ in jobs]) if key != "out"]
    values = [
        {key: given[key] for key in keys if key in given} for given in (overrides({"overrides": w}) for w, _ in jobs)
    ]
    readable = re.sub(r"[^A-Za-z0-9.]+", "_", "_".join(keys)).strip("_")[:_LONGEST]
    asked = hashlib.sha256("\n".join(f"{made.place} {words}" for words, made in jobs).encode()).hexdigest()[:8]
    path = jobs[0][1].place.parent / f"sheet_{readable}-{asked}.png"
    write_cells(path, [made for _, made in jobs], values)
    add_text(path, {"jobs": "\n".join(" ".join(without_places(words)) for words, _ in jobs)})
    return path


def write_cells(path: Path, made: Sequence[Made], values: Sequence[Mapping[str, str]] | None = None) -> None:
    """Write one labelled picture of what jobs have made, each with its values of what was swept."""
    from genlab.modalities.grids import save_png
    from genlab.reports.sheet import Cell, sheet

    cells = [
        Cell({} if values is None else values[i], one.tiles, one.prompts, one.original)
        for i, one in enumerate(made)
        if one.tiles is not None
    ]
    save_png(path, sheet(cells))
