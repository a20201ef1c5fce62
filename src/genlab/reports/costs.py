"""The table of what a sweep would take: a row for each group of jobs that cost the same."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.table import Table


@dataclass(frozen=True)
class CostRow:
    """Jobs of one shape.

    Args:
        name: what distinguishes them from the others.
        steps: of all its jobs together; None where nobody knows, as of a training that ends after a time.
        memory_bytes: of one job.
        disk_bytes: checkpoints of all its jobs together.
        scoring_seconds: of all its jobs together.
    """

    name: str
    jobs: int
    parameters: int
    steps: int | None
    seconds_per_step: float
    memory_bytes: int
    disk_bytes: int
    scoring_seconds: float = 0.0

    @property
    def training_hours(self) -> float | None:
        return None if self.steps is None else self.steps * self.seconds_per_step / 3600

    @property
    def scoring_hours(self) -> float:
        return self.scoring_seconds / 3600

    def for_jobs(self, n: int) -> CostRow:
        """The same for n jobs of this shape."""
        times = n / self.jobs
        return replace(
            self, jobs=n, steps=None if self.steps is None else round(self.steps * times),
            disk_bytes=round(self.disk_bytes * times), scoring_seconds=self.scoring_seconds * times,
        )  # fmt: skip


def cost_table(rows: Sequence[CostRow], summed: bool = True) -> Table:
    """The rows and, below several, their sums; hours as if the jobs ran one after another.

    Args:
        summed: False where the rows are alternatives.
    """
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    table = Table(
        box=SIMPLE_HEAD,
        show_edge=False,
        pad_edge=False,
        padding=(0, 1, 0, 0),
        header_style="bold",
        show_footer=summed and len(rows) > 1,
    )
    footers = {
        "": "", "jobs": f"{sum(row.jobs for row in rows)}", "params": "",
        "steps": _or_open(_sum([row.steps for row in rows]), "{:,}".format),
        "ms/step": "", "memory": "", "disk": size(sum(row.disk_bytes for row in rows)),
        "training": _or_open(_sum([row.training_hours for row in rows]), hours),
        "scoring": hours(sum(row.scoring_hours for row in rows)),
    }  # fmt: skip
    for heading, footer in footers.items():
        table.add_column(heading, footer, justify="right" if heading else "left", no_wrap=bool(heading))
    table.columns[0].min_width = max((len(word) for row in rows for word in row.name.split()), default=0)
    for row in rows:
        table.add_row(
            row.name, f"{row.jobs}", count(row.parameters), _or_open(row.steps, "{:,}".format),
            f"{1000 * row.seconds_per_step:.1f}", size(row.memory_bytes), size(row.disk_bytes),
            _or_open(row.training_hours, hours), hours(row.scoring_hours),
        )  # fmt: skip
    return table


def _sum(values: Sequence[float | None]) -> float | None:
    return None if None in values else sum(value for value in values if value is not None)


def _or_open(value: float | None, text: Callable[[float], str]) -> str:
    return "open" if value is None else text(value)


def count(n: int) -> str:
    """Three digits: '871', '703k', '1.12M', '2.60G'."""
    for unit, big in (("G", 1e9), ("M", 1e6), ("k", 1e3)):
        if n >= big:
            number = n / big
            return f"{number:.{0 if number >= 100 else 1 if number >= 10 else 2}f}{unit}"
    return str(n)


def size(n: float) -> str:
    """Three digits: '1.50 MB', '927 MB', '12.5 GB'."""
    number, unit = (n / 1e9, "GB") if n >= 1e9 else (n / 1e6, "MB")
    return f"{number:.{0 if number >= 100 else 1 if number >= 10 else 2}f} {unit}"


def hours(value: float) -> str:
    """With a unit: 0.4 s, 12 s, 34 min, 12.1 h."""
    seconds = 3600 * value
    if seconds < 90:
        return f"{seconds:.1f} s" if seconds < 10 else f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{value:.1f} h"
