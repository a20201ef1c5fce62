"""Progress bars on standard error, with the time that remains."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Literal

Advance = Callable[[float], None]


@contextmanager
def progress(what: str, total: float | None, unit: Literal["bytes", "images"]) -> Iterator[Advance]:
    """Inside, call the given function with each amount that is done. `total` None: how much there is is not known."""
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        DownloadColumn,
        MofNCompleteColumn,
        Progress,
        ProgressColumn,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    counted: ProgressColumn = DownloadColumn() if unit == "bytes" else MofNCompleteColumn()
    known = [counted, TimeRemainingColumn()] if total is not None else [TimeElapsedColumn()]
    console = Console(stderr=True)
    with Progress(TextColumn("{task.description}"), BarColumn(), *known, console=console, transient=True) as bars:
        task = bars.add_task(what, total=total)
        yield lambda amount: bars.advance(task, amount)
