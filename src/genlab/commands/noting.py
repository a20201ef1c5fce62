"""The notices of one evaluation: each once, and kept beside its scores."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager

from genlab.notice import Notice, tell


@contextmanager
def noted() -> Iterator[list[str]]:
    """Notices of the block are printed to stderr as `note: ...` at its end, and listed; other warnings are dropped."""
    notes: list[str] = []
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            yield notes
        finally:
            messages = (str(warning.message) for warning in caught if issubclass(warning.category, Notice))
            notes += [note for note in dict.fromkeys(messages) if note not in notes]
            for note in notes:
                tell(note)
