"""Footnotes of a table whose columns are ranked one by one: the same text once, numbered in order of appearance."""

from __future__ import annotations

from collections.abc import Mapping

from genlab.reports.ranking import Ranking

_SUPERSCRIPTS = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")


def footnotes(rankings: Mapping[str, Ranking]) -> tuple[dict[tuple[str, int], int], list[str]]:
    """The number of each marked cell, by (column, row), and the notes with their numbers."""
    texts: list[str] = []
    numbering = {}
    for column, ranking in rankings.items():
        for row, k in ranking.mark.items():
            text = ranking.notes[k - 1]
            if text not in texts:
                texts.append(text)
            numbering[column, row] = texts.index(text) + 1
    return numbering, [f"{superscript(i)} {text}" for i, text in enumerate(texts, start=1)]


def superscript(number: int | None) -> str:
    """ "¹²" for 12, nothing for None."""
    return "" if number is None else str(number).translate(_SUPERSCRIPTS)
