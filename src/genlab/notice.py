"""The warnings that are genlab's own, and how a person sees them."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


class Notice(UserWarning):
    """What a person should know though the work goes on: one line in the terminal, and in the log of a run."""


_told: set[str] = set()
"""What this command has told."""


def tell(notice: str) -> None:
    """Show a person a notice, once in a command, wherever and however often it is given."""
    from genlab.redact import redact_text

    if notice not in _told:
        _told.add(notice)
        print(f"note: {redact_text(notice)}", file=sys.stderr)


@contextmanager
def in_one_line() -> Iterator[None]:
    """Notices reach the terminal as `note: ...`; other warnings look as Python shows them."""
    _told.clear()
    others = warnings.showwarning

    def show(message: Warning | str, category: type[Warning], *where: Any) -> None:
        if issubclass(category, Notice):
            tell(str(message))
        else:
            others(message, category, *where)

    warnings.showwarning = show  # type: ignore[assignment]  # the places are passed on as they come
    try:
        yield
    finally:
        warnings.showwarning = others
