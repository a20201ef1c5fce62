"""Python's warnings as a person reads them: one line each, once, without the line of code that gave them."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def noted() -> Iterator[list[str]]:
    """Warnings for users (UserWarning) of the block are printed to stderr as `note: ...` at its end, and listed."""
    notes: list[str] = []
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            yield notes
        finally:
            said = (str(warning.message) for warning in caught if warning.category is UserWarning)
            notes += [note for note in dict.fromkeys(said) if note not in notes]
            for note in notes:
                print(f"note: {note}", file=sys.stderr)
