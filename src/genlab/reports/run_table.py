"""The runs of a store as a table in Python: iterated, filtered, sorted, and shown by a notebook."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape
from pathlib import Path
from typing import Any, overload

from genlab.reports.leaderboard import Cell, leaderboard
from genlab.reports.numbers import duration
from genlab.reports.sweep_keys import swept_keys
from genlab.runs.listing import list_records, matching, ranked


class RunTable(Sequence[dict[str, Any]]):
    """Records of runs, as `genlab runs --json` prints them: record.json with `path`, `settings` and `sweeps`.

    A notebook shows the settings in which the runs differ, and their scores with intervals; the best are bold.
    """

    def __init__(self, records: Sequence[dict[str, Any]]) -> None:
        self._records = list(records)

    @classmethod
    def of(cls, store: Path | str) -> RunTable:
        """All runs of a store, oldest first."""
        return cls(list_records(store))

    def filter(self, **filters: Any) -> RunTable:
        """The runs that have these values, see `genlab.runs.listing.matching`: status="completed", coding_size=16."""
        return RunTable(matching(self._records, {key: _text(value) for key, value in filters.items()}))

    def sort(self, key: str) -> RunTable:
        """The best (of a metric), the quickest ("seconds") or the oldest ("started") first; "-" before it reverses."""
        return RunTable(ranked(self._records, key))

    def __len__(self) -> int:
        return len(self._records)

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return iter(self._records)

    @overload
    def __getitem__(self, index: int) -> dict[str, Any]: ...
    @overload
    def __getitem__(self, index: slice) -> RunTable: ...
    def __getitem__(self, index: int | slice) -> dict[str, Any] | RunTable:
        return RunTable(self._records[index]) if isinstance(index, slice) else self._records[index]

    def __repr__(self) -> str:
        if not self._records:
            return "no runs"
        from rich.console import Console

        from genlab.reports.table import runs_table

        console = Console(no_color=True, highlight=False)
        with console.capture() as captured:
            console.print(runs_table(self._records, swept_keys(self._records)))
        return captured.get().rstrip()

    def _repr_html_(self) -> str:
        if not self._records:
            return "<p>no runs</p>"
        board = leaderboard(self._records, swept_keys(self._records))
        titles = ["run", *board.settings, *board.metrics, "time", "status"]
        rows = [
            [
                f"<code>{escape(row.name[:8])}</code>", *map(escape, row.settings), *map(_score, row.cells),
                escape(duration(row.seconds)), escape(row.status),
            ]
            for row in board.rows
        ]  # fmt: skip
        head = "".join(f"<th>{escape(title)}</th>" for title in titles)
        body = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in rows)
        notes = "".join(f"<p><sup>{i}</sup> {escape(note)}</p>" for i, note in enumerate(board.notes, start=1))
        return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{notes}"


def _score(cell: Cell) -> str:
    marks = "".join(f"<sup>{mark}</sup>" for mark in cell.marks)
    interval = f" <small>{escape(cell.interval)}</small>" if cell.interval else ""
    text = f"{escape(cell.value)}{marks}{interval}"
    return f"<b>{text}</b>" if cell.best else text


def _text(value: Any) -> str:
    """A value as a command line has it: true, null, 16."""
    from genlab.config.words import written

    return value if isinstance(value, str) else written(value)
