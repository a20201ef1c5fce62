"""How a callback ends a training on purpose: no failure, but a status of the record and of the process."""

from __future__ import annotations

from typing import Literal


class Ended(Exception):
    """A training was ended and its state saved.

    A subclass says what the record calls it, and the exit status of the process.
    """

    status: Literal["interrupted", "pruned"]
    exit_status: int
