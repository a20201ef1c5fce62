"""Two models side by side: rows of pictures in turn, and the table of how their scores differ."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from genlab.metrics.difference import Difference
from genlab.reports.formats import escaped
from genlab.reports.numbers import decimals, metric_title, score_text

_WINS = {"a": "A", "b": "B", "tie": "tie", "not comparable": "–"}


def rows(differences: Sequence[Difference]) -> tuple[list[list[str]], list[str]]:
    """(for each metric: title, A, B, A - B, better; the notes that the marks ¹, ², ... of titles stand for)."""
    lines, notes = [], list(dict.fromkeys(note for each in differences if (note := _note(each))))
    for each in differences:
        mark = str(notes.index(note) + 1).translate(_SUPERSCRIPTS) if (note := _note(each)) else ""
        digits = decimals(each.value, each.high - each.low)
        ends = f"{each.value:+.{digits}f} [{each.low:+.{digits}f}, {each.high:+.{digits}f}]"
        scores = [" ".join(score_text(score.to_json())) for score in (each.a, each.b)]
        difference = "not ranked" if each.reasons else ends
        lines.append([metric_title(each.name, each.a.better) + mark, *scores, difference, _WINS[each.verdict]])
    return lines, notes


HEADS = ("metric", "A", "B", "A − B", "better")
_SUPERSCRIPTS = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")


def _note(each: Difference) -> str:
    if not each.reasons:
        return ""
    differences = [f"{key} {_shown(each.a, key)} and {_shown(each.b, key)}" for key in each.reasons]
    return f"measured otherwise and not ranked: {', '.join(differences)}"


def _shown(score: Any, key: str) -> str:
    value = str(getattr(score, key, score.provenance.get(key)))
    return value if len(value) <= 24 else f"{value[:12]}…"


def markdown(differences: Sequence[Difference], a: str, b: str) -> str:
    """The table for a page, with what A and B are above it."""
    lines, notes = rows(differences)
    text = [f"A: {escaped(a)}  ", f"B: {escaped(b)}", ""]
    text += [f"| {' | '.join(HEADS)} |", "| --- | ---: | ---: | ---: | --- |"]
    text += [f"| {' | '.join([escaped(title), *numbers])} |" for title, *numbers in lines]
    text += ["", "95 % intervals; a tie where that of the difference holds zero."]
    return "\n".join([*text, *(f"\n{i}: {escaped(note)}" for i, note in enumerate(notes, start=1))]) + "\n"


def to_json(differences: Sequence[Difference]) -> dict[str, Any]:
    """The same as plain data, with how each score was made and measured."""
    return {
        each.name: {
            "a": each.a.to_json(), "b": each.b.to_json(), "difference": each.value, "low": each.low, "high": each.high,
            "better": each.verdict, "not_comparable_in": each.reasons,
        }
        for each in differences
    }  # fmt: skip
