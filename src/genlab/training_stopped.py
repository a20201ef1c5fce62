"""How a run is ended on purpose: no failure, but a status of the record and of the process."""

from __future__ import annotations

from typing import Literal


class Ended(BaseException):
    """A run was ended before it was completed. No Exception: nothing that survives an error survives this.

    A subclass says what the record calls it, and the exit status of the process.
    """

    status: Literal["interrupted", "pruned"]
    exit_status: int
