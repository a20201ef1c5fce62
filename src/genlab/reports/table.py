"""The table of runs in the terminal: one row a run, best values in bold, honest about what can be compared."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from genlab.reports.footnotes import footnotes, superscript
from genlab.reports.numbers import duration, metric_title, score_text
from genlab.reports.ranking import metric_names, rank
from genlab.reports.swept import ABSENT, short_names, swept_keys, value_of

if TYPE_CHECKING:
    from rich.table import Table
    from rich.text import Text

__all__ = ["runs_table", "swept_keys"]

_STATUS = {"completed": "green", "failed": "bold red", "interrupted": "yellow", "running": "cyan"}
_RUN_LETTERS = 8


@dataclass
class _Row:
    """A run, ready for any layout."""

    run: Text
    settings: list[str]
    scores: list[tuple[Text, Text]]
    """Value and interval."""
    time: str
    status: Text


@dataclass
class _Content:
    """What the table says, apart from how it is laid out."""

    settings: list[str]
    metrics: list[str]
    rows: list[_Row]
    notes: list[str]


def runs_table(records: Sequence[Mapping[str, Any]], swept: Sequence[str], width: int | None = None) -> Table:
    """A table of runs: fingerprint, swept keys, each score with its interval, time, status.

    The best score of a metric is bold, and so is every score whose interval overlaps its own. Scores that were not
    measured alike (extractor, reference, number of items, ...) are not ranked against each other: they have a
    footnote. Where the terminal is narrow, intervals stand below values; where it is narrower, a run is a block.

    Args:
        records: as record.json, in the order of the rows.
        swept: keys to show, as of `swept_keys`.
        width: characters of the terminal; asked for when None.
    """
    from rich.console import Console

    width = width or Console().width
    content = _content(records, swept)
    for layout in (_in_line, _two_lines):
        table = layout(content)
        if Console(width=10_000).measure(table).maximum <= width:
            break
    else:
        table = _blocks(content)
    if content.notes:
        from rich.text import Text

        table.caption = Text("\n".join(content.notes), style="dim")
    return table


def _content(records: Sequence[Mapping[str, Any]], swept: Sequence[str]) -> _Content:
    from rich.text import Text

    names = short_names(swept)
    metrics = metric_names(records)
    columns = {name: [(record.get("metrics") or {}).get(name) for record in records] for name in metrics}
    rankings = {name: rank(column) for name, column in columns.items()}
    numbering, notes = footnotes(rankings)
    rows = []
    for i, record in enumerate(records):
        status = str(record.get("status", ""))
        scores = []
        for name in metrics:
            value, ends = score_text(columns[name][i])
            style = "bold" if i in rankings[name].best else ""
            mark = superscript(numbering.get((name, i)))
            scores.append((Text(value + mark, style), Text(ends, style or "dim")))
        rows.append(
            _Row(
                run=Text(str(record.get("fingerprint", ""))[:_RUN_LETTERS], "dim"),
                settings=[_setting(record, key) for key in swept],
                scores=scores,
                time=duration(record.get("seconds")),
                status=Text(status, _STATUS.get(status, "")),
            )
        )
    better = {name: next((s["better"] for s in columns[name] if s and "better" in s), None) for name in metrics}
    return _Content(list(names.values()), [metric_title(name, better[name]) for name in metrics], rows, notes)


def _setting(record: Mapping[str, Any], key: str) -> str:
    """The value of a swept key; of `family/recipe` the recipe."""
    value = value_of(record, key)
    return value.rsplit("/", 1)[-1] if key == "experiment" else value


def _table() -> Table:
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    return Table(box=SIMPLE_HEAD, pad_edge=False, caption_justify="left", header_style="bold", show_edge=False)


def _columns(content: _Content, metrics: Sequence[str]) -> Table:
    table = _table()
    table.add_column("run", no_wrap=True)
    for i, name in enumerate(content.settings):
        numeric = all(_is_number(row.settings[i]) for row in content.rows)
        table.add_column(name, justify="right" if numeric else "left", no_wrap=True)
    for title in metrics:
        table.add_column(title, justify="right", no_wrap=True)
    table.add_column("time", justify="right", no_wrap=True)
    table.add_column("status", no_wrap=True)
    return table


def _in_line(content: _Content) -> Table:
    """Intervals right of their values."""
    from rich.text import Text

    table = _columns(content, content.metrics)
    for row in content.rows:
        scores = [Text.assemble(value, " ", ends) if ends.plain else value for value, ends in row.scores]
        table.add_row(row.run, *row.settings, *scores, row.time, row.status)
    return table


def _two_lines(content: _Content) -> Table:
    """Intervals below their values, the extractor below the metric's name."""
    from rich.text import Text

    table = _columns(content, [title.replace(" (", "\n(") for title in content.metrics])
    for row in content.rows:
        scores = [Text.assemble(value, "\n", ends) if ends.plain else value for value, ends in row.scores]
        table.add_row(row.run, *row.settings, *scores, row.time, row.status)
    return table


def _blocks(content: _Content) -> Table:
    """A block for each run: what it is on the left, its scores on the right."""
    from rich.text import Text

    table = _table()
    table.add_column("run", overflow="fold", ratio=2)
    table.add_column("scores", overflow="fold", ratio=3)
    table.show_lines = True
    table.expand = False
    for row in content.rows:
        said = [Text.assemble(row.run, " ", row.status, f" {row.time}" if row.time != ABSENT else "")]
        said += [Text(f"{n} {v}") for n, v in zip(content.settings, row.settings, strict=True) if v != ABSENT]
        scored = [
            Text.assemble(f"{title} ", value, " ", ends)
            for title, (value, ends) in zip(content.metrics, row.scores, strict=True)
            if value.plain != ABSENT
        ]
        table.add_row(Text("\n").join(said), Text("\n").join(scored))
    return table


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return text == ABSENT
    return True
