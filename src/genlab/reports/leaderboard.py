"""A table of runs apart from how it is shown: settings, scores with intervals, what is best, what needs a footnote."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from genlab.metrics.score import made_of
from genlab.reports.numbers import metric_title, score_text
from genlab.reports.ranking import interval, metric_names, number, rank
from genlab.reports.sweep_keys import short_names, value_of


@dataclass(frozen=True)
class Cell:
    """A score as it is shown, and its numbers."""

    value: str
    interval: str
    best: bool
    apart: bool
    """Whether it was not measured like most others, and is ranked against none of them."""
    marks: tuple[int, ...]
    """Numbers of its footnotes."""
    number: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True)
class Row:
    """A run, or the runs that differ by their seed alone."""

    name: str
    settings: list[str]
    cells: list[Cell]
    seconds: float | None
    status: str
    seeds: int
    """How many seeds the row is the mean of."""


@dataclass(frozen=True)
class Leaderboard:
    """Rows in the order of the records; columns: `settings`, then `metrics`."""

    keys: list[str]
    settings: list[str]
    """Short names of the keys."""
    names: list[str]
    """Of the metrics, as in record.json."""
    metrics: list[str]
    """Titles of the metrics, with extractor and direction."""
    better: list[str | None]
    rows: list[Row]
    notes: list[str]


def leaderboard(records: Sequence[Mapping[str, Any]], swept: Sequence[str]) -> Leaderboard:
    """The table of `records` (each as record.json), which vary the keys `swept`."""
    names = metric_names(records)
    columns = {name: [(record.get("metrics") or {}).get(name) for record in records] for name in names}
    rankings = {name: rank(column) for name, column in columns.items()}
    better = [next((s["better"] for s in columns[name] if s and "better" in s), None) for name in names]
    notes: list[str] = []
    rows = []
    for i, record in enumerate(records):
        cells = []
        missing = [f"{name} was left out: {why}" for name, why in (record.get("unscored") or {}).items()]
        notes += [note for note in missing if note not in notes]
        for name in names:
            score, ranking = columns[name][i], rankings[name]
            remarks = [ranking.notes[ranking.mark[i] - 1]] if i in ranking.mark else []
            remarks += [remark for remark in (_remarks(score) if score else missing) if remark not in remarks]
            notes += [note for note in remarks if note not in notes]
            value, ends = score_text(score)
            low, high = interval(score) or (None, None)
            marks = tuple(notes.index(note) + 1 for note in remarks)
            cells.append(
                Cell(value, ends, i in ranking.best, i in ranking.mark, marks, number(score, "value"), low, high)
            )
        rows.append(
            Row(
                name=str(record.get("fingerprint", "")),
                settings=[value_of(record, key) for key in swept],
                cells=cells,
                seconds=record.get("seconds"),
                status=str(record.get("status", "")),
                seeds=len(record.get("seeds") or [None]),
            )
        )
    titles = [metric_title(name, direction) for name, direction in zip(names, better, strict=True)]
    return Leaderboard(list(swept), list(short_names(swept).values()), names, titles, better, rows, notes)


def _remarks(score: Mapping[str, Any] | None) -> list[str]:
    """What a reader must know of a value, whatever it is compared with: its bias, and the remark of a study."""
    entry = score or {}
    remarks = (entry.get("remark"), made_of(entry).get("warning"))
    return [str(remark) for remark in remarks if remark]
