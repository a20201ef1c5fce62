"""What a signal does to a command that works: an exception where the work may end, a note where it must not.

`handled` covers the whole life of a job. In it a signal raises `Interrupted` at once, except in a block that must be
whole (`uncut`): there it waits for the end of the block. A training waits in this way for the end of its step
(callbacks.interruption), a launcher for its jobs.
"""

from __future__ import annotations

import contextlib
import os
import signal
import threading
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any, NoReturn

from genlab.training_stopped import Ended

_SCHEDULER = tuple(getattr(signal, name) for name in ("SIGUSR1", "SIGUSR2") if hasattr(signal, name))
"""Sent by SLURM before preemption or the time limit, as asked by `sbatch --signal`; submitit asks for USR2."""
SIGNALS = (signal.SIGINT, signal.SIGTERM, *_SCHEDULER)


class Interrupted(Ended):
    """A signal asked the work to end."""

    status = "interrupted"

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.exit_status = 128 + number  # what a shell expects: 130 for Ctrl-C, 143 for SIGTERM

    @property
    def is_ctrl_c(self) -> bool:
        return bool(self.args[0] == signal.SIGINT)

    def __str__(self) -> str:
        return f"interrupted by {signal.Signals(self.args[0]).name}"


class _Desk:
    """What has arrived in this process, and whether it may end now."""

    def __init__(self, before: dict[int, Any]) -> None:
        self.pid = os.getpid()
        self.before = before
        self.received: int | None = None
        self.raised = False
        self.uncut = 0
        self.followers: list[Callable[[int], Any]] = []
        self._ctrl_c = 0

    def handle(self, number: int, frame: FrameType | None) -> None:
        if os.getpid() != self.pid:
            return _leave(number)
        if number == signal.SIGINT:
            self._ctrl_c += 1
            if self._ctrl_c > 1:
                _end_as_by_default(number)
        for tell in self.followers:
            tell(number)
        if self.received is None or number in _SCHEDULER:  # SLURM sends SIGTERM too; its own signal asks for more
            self.received = number
        return self.deliver()

    def deliver(self) -> None:
        """Raise what has arrived, once, unless a block must not be cut."""
        if self.received is not None and not self.uncut and not self.raised:
            self.end()

    def pass_on(self) -> None:
        """Tell whoever had caught a scheduler's signal before."""
        number = self.received
        if number in _SCHEDULER and number is not None and callable(caught := self.before.get(number)):
            with contextlib.suppress(Exception):  # it was queued too often
                caught(number, None)

    def end(self) -> NoReturn:
        self.raised = True
        raise Interrupted(signal.SIGTERM if self.received is None else self.received)


_desk: _Desk | None = None


@contextlib.contextmanager
def handled() -> Iterator[None]:
    """In the block, SIGINT, SIGTERM and a scheduler's signals raise `Interrupted`; a second SIGINT ends the process.

    Inside another such block, and outside the main thread, it changes nothing. A signal that the process was told to
    ignore (`nohup`, a background job of a script) stays ignored. What had caught a scheduler's signal before (submitit,
    which queues the job again and then raises SystemExit) is called when the block has ended.
    """
    global _desk
    if is_handled() or threading.current_thread() is not threading.main_thread():
        yield
        return
    inherited = _desk  # of the parent, in a process that was forked from a block
    before = inherited.before if inherited is not None else {n: signal.getsignal(n) for n in SIGNALS}
    before = {n: handler for n, handler in before.items() if handler not in (None, signal.SIG_IGN)}
    desk = _desk = _Desk(before)
    try:
        take_back()
        yield
    finally:
        desk.uncut += 1
        for number, handler in before.items():
            signal.signal(number, handler)
        _desk = None
        desk.pass_on()
        desk.uncut -= 1
        desk.deliver()


@contextlib.contextmanager
def uncut() -> Iterator[None]:
    """A signal waits for the end of the block, and is raised there unless the block has raised something else."""
    if (desk := _here()) is None:
        yield
        return
    desk.uncut += 1
    try:
        yield
    finally:
        desk.uncut -= 1
    desk.deliver()


def is_handled() -> bool:
    """Whether this process is in a block of `handled`."""
    return _desk is not None and _desk.pid == os.getpid()


def received() -> int | None:
    """The signal that has asked this process to end, raised or still waiting; None when there is none."""
    return _desk.received if _desk is not None and is_handled() else None


def end_if_signalled() -> None:
    """A safe point: raise `Interrupted` if a signal has arrived, even one whose exception was swallowed.

    Raises:
        Interrupted: a signal has arrived.
    """
    if received() is not None:
        end()


def end() -> NoReturn:
    """Raise `Interrupted` for the signal that has arrived, here or (then SIGTERM) in another process of the job.

    Raises:
        Interrupted: always.
    """
    if _desk is not None and is_handled():
        _desk.end()
    raise Interrupted(signal.SIGTERM)


def take_back() -> None:
    """Catch the signals again that something else (Lightning, at the start of a training) catches now."""
    if (desk := _here()) is not None:
        for number in desk.before:
            signal.signal(number, desk.handle)


def follow(tell: Callable[[int], Any]) -> None:
    """Have `tell` called with each signal that arrives: it passes it on to processes of this one."""
    if (desk := _here()) is not None:
        desk.followers.append(tell)


def _here() -> _Desk | None:
    """The desk of this process, for its main thread: in no other does Python handle signals."""
    return _desk if is_handled() and threading.current_thread() is threading.main_thread() else None


def _leave(number: int) -> None:
    """In a helper process that was forked from the block: Ctrl-C is its parent's to answer, the rest ends it."""
    if number != signal.SIGINT:
        _end_as_by_default(number)


def _end_as_by_default(number: int) -> None:
    signal.signal(number, signal.SIG_DFL)
    signal.raise_signal(number)
