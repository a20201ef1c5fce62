"""metrics.csv: what is logged as a table that a spreadsheet opens."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pytorch_lightning.loggers.logger import Logger
from pytorch_lightning.utilities import rank_zero_only

from genlab.atomic import write_text
from genlab.reports.spreadsheet import csv_text, original

_ROWS_IN_MEMORY = 100


class CSVTable(Logger):
    """A row for each logged step, a column for each name; the file is replaced as a whole.

    A training that is resumed continues its table: rows from the first step that it logs again are written again,
    those before it stay. (Lightning 2.6's own CSV logger deletes the file.)

    Args:
        file: the table.
    """

    def __init__(self, file: str | Path) -> None:
        super().__init__()
        self._file = Path(file)
        self._rows: dict[int, dict[str, Any]] = {}
        self._earlier = _read(self._file)
        self._unwritten = 0

    @property
    def name(self) -> str:
        return "csv"

    @property
    def version(self) -> str:
        return ""

    @rank_zero_only
    def log_hyperparams(self, *args: Any, **kwargs: Any) -> None:
        """Nothing: config.yaml has them."""

    @rank_zero_only
    def log_metrics(self, metrics: Mapping[str, float], step: int | None = None) -> None:
        step = max(self._rows, default=0) if step is None else step
        if not self._rows:
            self._rows = {earlier: row for earlier, row in self._earlier.items() if earlier < step}
        self._rows.setdefault(step, {}).update({name: float(value) for name, value in metrics.items()})
        self._unwritten += 1
        if self._unwritten >= _ROWS_IN_MEMORY:
            self.save()

    @rank_zero_only
    def save(self) -> None:
        """Write the table."""
        if not self._unwritten:
            return
        names = sorted({name for row in self._rows.values() for name in row})
        rows = [[step, *(row.get(name) for name in names)] for step, row in sorted(self._rows.items())]
        write_text(self._file, csv_text(["step", *names], rows))
        self._unwritten = 0

    @rank_zero_only
    def finalize(self, status: str) -> None:
        self.save()


def _read(file: Path) -> dict[int, dict[str, Any]]:
    if not file.is_file():
        return {}
    with file.open(newline="", encoding="utf-8") as opened:
        rows = list(csv.DictReader(opened))
    return {int(row.pop("step")): {original(name): value for name, value in row.items() if value != ""} for row in rows}
