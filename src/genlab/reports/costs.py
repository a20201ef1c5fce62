"""The table of what a sweep would take: a row for each group of jobs that cost the same."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.table import Table


@dataclass(frozen=True)
class CostRow:
    """Jobs of one shape.

    Args:
        name: what tells them from the others.
        steps: of all its jobs together.
        memory_bytes: of one job.
        disk_bytes: checkpoints of all its jobs together.
    """

    name: str
    jobs: int
    parameters: int
    steps: int
    seconds_per_step: float
    memory_bytes: int
    disk_bytes: int

    @property
    def hours(self) -> float:
        return self.steps * self.seconds_per_step / 3600

    def for_jobs(self, n: int) -> CostRow:
        """The same for n jobs of this shape."""
        return replace(self, jobs=n, steps=self.steps * n // self.jobs, disk_bytes=self.disk_bytes * n // self.jobs)


def cost_table(rows: Sequence[CostRow], summed: bool = True) -> Table:
    """The rows and, below several, their sums; hours as if the jobs ran one after another.

    Args:
        summed: False where the rows are alternatives.
    """
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    table = Table(
        box=SIMPLE_HEAD, show_edge=False, pad_edge=False, header_style="bold", show_footer=summed and len(rows) > 1
    )
    footers = {
        "": "", "jobs": f"{sum(row.jobs for row in rows)}", "parameters": "",
        "steps": f"{sum(row.steps for row in rows):,}",
        "ms/step": "", "memory": "", "disk": size(sum(row.disk_bytes for row in rows)),
        "hours": hours(sum(row.hours for row in rows)),
    }  # fmt: skip
    for heading, footer in footers.items():
        table.add_column(heading, footer, justify="right" if heading else "left", no_wrap=bool(heading))
    table.columns[0].min_width = max((len(word) for row in rows for word in row.name.split()), default=0)
    for row in rows:
        table.add_row(
            row.name, f"{row.jobs}", f"{row.parameters:,}", f"{row.steps:,}", f"{1000 * row.seconds_per_step:.1f}",
            size(row.memory_bytes), size(row.disk_bytes), hours(row.hours),
        )  # fmt: skip
    return table


def size(n: float) -> str:
    """Three digits: '1.50 MB', '927 MB', '12.5 GB'."""
    number, unit = (n / 1e9, "GB") if n >= 1e9 else (n / 1e6, "MB")
    return f"{number:.{0 if number >= 100 else 1 if number >= 10 else 2}f} {unit}"


def hours(value: float) -> str:
    """Two digits that mean something: 0.0034, 0.52, 12.1."""
    return f"{value:.2g}" if value < 1 else f"{value:.1f}"
