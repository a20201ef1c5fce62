"""CSV that a spreadsheet opens as text and numbers: what a name begins with never makes it a formula."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from typing import Any

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""A spreadsheet may run a cell that begins with one of these; the last four are their full-width forms."""


def csv_text(heads: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """Heads and rows as CSV: numbers are not rounded, None is an empty cell, and a text is nothing but text."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerows([cell if isinstance(cell, int | float) else inert(cell) for cell in row] for row in (heads, *rows))
    return buffer.getvalue()


def inert(text: Any) -> str:
    """`text` with an apostrophe before what a spreadsheet would run; a number with a sign stays one."""
    text = "" if text is None else str(text)
    return f"'{text}" if text.startswith(_FORMULA) and not _is_number(text) else text


def original(text: str) -> str:
    """The text that `inert` was given."""
    return text[1:] if text.startswith("'") and inert(text[1:]) == text else text


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return text == text.strip()
