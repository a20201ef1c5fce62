"""The table of runs in the terminal: one row a run, best values in bold, honest about what can be compared."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from genlab.reports.leaderboard import Cell, Leaderboard, Row, leaderboard
from genlab.reports.numbers import duration
from genlab.reports.sweep_keys import ABSENT, swept_keys

if TYPE_CHECKING:
    from rich.table import Table
    from rich.text import Text

__all__ = ["runs_table", "swept_keys"]

_STATUS = {"completed": "green", "failed": "bold red", "interrupted": "yellow", "pruned": "yellow", "running": "cyan"}
_SUPERSCRIPTS = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")
_RUN_LETTERS = 8


def runs_table(records: Sequence[Mapping[str, Any]], swept: Sequence[str], width: int | None = None) -> Table:
    """A table of runs: fingerprint, swept keys, each score with its interval, time, status.

    The best score of a metric is bold, and so is every score whose interval overlaps its own. Scores that were not
    measured alike (extractor, reference, number of items, ...) are not ranked against each other: they have a
    footnote. Where the terminal is narrow, intervals stand below values; where it is narrower, a run is a block.

    Args:
        records: as record.json, in the order of the rows.
        swept: keys to show, as of `swept_keys`.
        width: characters of a line; None takes those of the terminal.
    """
    from rich.console import Console
    from rich.text import Text

    width = width or Console().width
    board = leaderboard(records, swept)
    for layout in (_in_line, _two_lines):
        table = layout(board)
        if Console(width=10_000).measure(table).maximum <= width:
            break
    else:
        table = _blocks(board)
    if board.notes:
        notes = [f"{_superscript(i)} {text}" for i, text in enumerate(board.notes, start=1)]
        table.caption = Text("\n".join(notes), style="dim")
    return table


def _table() -> Table:
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    return Table(box=SIMPLE_HEAD, pad_edge=False, caption_justify="left", header_style="bold", show_edge=False)


def _columns(board: Leaderboard, metrics: Sequence[str]) -> Table:
    table = _table()
    table.add_column("run", no_wrap=True)
    for i, name in enumerate(board.settings):
        numeric = all(_is_number(row.settings[i]) for row in board.rows)
        table.add_column(name, justify="right" if numeric else "left", no_wrap=True)
    for title in metrics:
        table.add_column(title, justify="right", no_wrap=True)
    table.add_column("time", justify="right", no_wrap=True)
    table.add_column("status", no_wrap=True)
    return table


def _in_line(board: Leaderboard) -> Table:
    """Intervals right of their values."""
    table = _columns(board, board.metrics)
    for row in board.rows:
        scores = [_score(cell, " ") for cell in row.cells]
        table.add_row(_run(row), *_settings(board, row), *scores, duration(row.seconds), _status(row))
    return table


def _two_lines(board: Leaderboard) -> Table:
    """Intervals below their values, the extractor below the metric's name."""
    table = _columns(board, [title.replace(" (", "\n(") for title in board.metrics])
    for row in board.rows:
        scores = [_score(cell, "\n") for cell in row.cells]
        table.add_row(_run(row), *_settings(board, row), *scores, duration(row.seconds), _status(row))
    return table


def _blocks(board: Leaderboard) -> Table:
    """A block for each run: what it is on the left, its scores on the right."""
    from rich.text import Text

    table = _table()
    table.add_column("run", overflow="fold", ratio=2)
    table.add_column("scores", overflow="fold", ratio=3)
    table.show_lines = True
    for row in board.rows:
        lines = [Text.assemble(_run(row), " ", _status(row), f" {duration(row.seconds)}" if row.seconds else "")]
        pairs = zip(board.settings, _settings(board, row), strict=True)
        lines += [Text(f"{name} {text.plain}") for name, text in pairs if text.plain != ABSENT]
        titled = zip(board.metrics, row.cells, strict=True)
        scored = [Text.assemble(f"{title} ", _score(cell, " ")) for title, cell in titled if cell.value != ABSENT]
        table.add_row(Text("\n").join(lines), Text("\n").join(scored))
    return table


def _run(row: Row) -> Text:
    from rich.text import Text

    return Text(row.name[:_RUN_LETTERS], "dim")


def _settings(board: Leaderboard, row: Row) -> list[Text]:
    """The values of the swept keys; of `experiment=family/recipe` the recipe. Text, so that markup in them is none."""
    from rich.text import Text

    pairs = zip(board.keys, row.settings, strict=True)
    return [Text(value.rsplit("/", 1)[-1] if key == "experiment" else value) for key, value in pairs]


def _score(cell: Cell, between: str) -> Text:
    from rich.text import Text

    text = Text(cell.value + "".join(map(_superscript, cell.marks)), "bold" if cell.best else "")
    if cell.interval:
        text.append(between + cell.interval, "bold" if cell.best else "dim")
    return text


def _status(row: Row) -> Text:
    from rich.text import Text

    return Text(row.status, _STATUS.get(row.status, ""))


def _superscript(number: int) -> str:
    return str(number).translate(_SUPERSCRIPTS)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return text == ABSENT
    return True
