"""One line that says what is being done, how far it is and when it will end: for whatever takes more than two seconds.

On a terminal the line is rewritten in place and leaves nothing behind; elsewhere, and where several jobs share a
terminal, a line is printed now and then.
"""

from __future__ import annotations

import logging
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Literal, TextIO

Advance = Callable[[float], None]
Report = Callable[[str, int, int], None]
"""Told (what is done, how many are done, of how many) as work goes on."""

Unit = Literal["bytes", "images", "files", ""]

PATIENCE = 2.0
"""Seconds before anything is shown."""
TERMINAL_SECONDS = 0.5
LOG_SECONDS = 15.0
"""Between two lines."""


class Line:
    """Where progress is shown: standard error, by the main process of a job alone. It can be sent to processes."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._own_stream = stream
        self.in_place = self._stream.isatty() and os.environ.get("GENLAB_PROGRESS") != "lines"
        self._silent = os.environ.get("LOCAL_RANK", "0") != "0"
        self._is_open = False

    @property
    def _stream(self) -> TextIO:
        return self._own_stream or sys.stderr

    def put(self, text: str) -> None:
        """Show `text`, on a terminal in place of what was there."""
        if self._silent:
            return
        start, end = ("\r\033[K", "") if self.in_place else ("", "\n")
        print(f"{start}{text}", end=end, file=self._stream, flush=True)
        self._is_open = self.in_place

    def keep(self) -> None:
        """Leave what is shown, and go on below it."""
        if self._is_open:
            print(file=self._stream)
        self._is_open = False

    def clear(self) -> None:
        """Take away what is shown."""
        if self._is_open:
            print("\r\033[K", end="", file=self._stream, flush=True)
        self._is_open = False


class Stage:
    """How far a piece of work is.

    Args:
        what: what is done.
        total: how much there is; None where it is not known.
        unit: of `total` and of what is done.
        began: the time on the clock of `text`.
    """

    def __init__(self, what: str, total: float | None, unit: Unit = "", began: float = 0.0) -> None:
        self.what, self.total, self.unit = what, total, unit
        self.done = 0.0
        self.began = began

    def text(self, now: float) -> str:
        """ "converting pets: 40 %  400 of 1000 images  0:42 left", or the time so far where there is no end."""
        elapsed = now - self.began
        if not self.done or not self.total:
            counted = f"{self._amount(self.done)} {self._unit}  " if self.done else ""
            return f"{self.what}: {counted}{clock(elapsed)}"
        left = elapsed * max(self.total - self.done, 0) / self.done
        counted = f"{self._amount(self.done)} of {self._amount(self.total)} {self._unit}".rstrip()
        return f"{self.what}: {100 * self.done / self.total:.0f} %  {counted}  {clock(left)} left"

    def _amount(self, amount: float) -> str:
        return f"{amount / 1e6:.1f}" if self.unit == "bytes" else f"{amount:g}" if amount % 1 else f"{amount:.0f}"

    @property
    def _unit(self) -> str:
        return "MB" if self.unit == "bytes" else self.unit


class Shown:
    """Shows the stage that work is at: once it has taken two seconds, whether it tells of itself or not."""

    def __init__(self, stage: Stage, line: Line | None = None, now: Callable[[], float] = time.monotonic) -> None:
        self.stage, self._whole = stage, stage
        self._line, self._now = line or Line(), now
        self._next = now() + PATIENCE
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True, name="progress")
        stage.began = self._free_since = now()

    def __enter__(self) -> Shown:
        self._thread.start()
        return self

    def __exit__(self, *ended: object) -> None:
        self._stopped.set()
        self._thread.join()
        self._line.clear()

    def advance(self, amount: float) -> None:
        """So much more of the stage is done."""
        self.stage.done += amount

    def report(self, what: str, done: int, total: int) -> None:
        """A stage of the work told of itself (`Report`)."""
        if what != self.stage.what:
            self.stage = Stage(what, total, began=self._free_since)  # it tells when the first part is done
        self.stage.done, self.stage.total = done, total
        if done >= total:
            logging.getLogger("genlab").info("%s: %d", what, total)
            self.stage, self._free_since = self._whole, self._now()

    def tick(self) -> None:
        """Show the stage, if it is time."""
        now = self._now()
        if now >= self._next:
            self._next = now + (TERMINAL_SECONDS if self._line.in_place else LOG_SECONDS)
            self._line.put(self.stage.text(now))

    def _run(self) -> None:
        while not self._stopped.wait(TERMINAL_SECONDS):
            self.tick()


@contextmanager
def progress(what: str, total: float | None = None, unit: Unit = "") -> Iterator[Advance]:
    """Inside, call the given function with each amount that is done. `total` None: how much there is is not known."""
    with Shown(Stage(what, total, unit)) as shown:
        yield shown.advance


@contextmanager
def reporting(what: str) -> Iterator[Report]:
    """Inside, give the function to work that tells of its stages; between them, `what` is shown."""
    with Shown(Stage(what, None)) as shown:
        yield shown.report


def clock(seconds: float) -> str:
    """Seconds as 0:42, 12:05 or 3:04:05."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"
