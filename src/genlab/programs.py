"""Runs other programs: never without a limit, never in silence, and nothing of them is left when it is over."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from genlab.notice import Notice

TOLD_AFTER = 5.0
"""Seconds that a program may take before a person is told what is waited for."""


class ProgramError(OSError):
    """Why a program gave nothing, in a few words."""


@dataclass(frozen=True)
class Ended:
    """How a program ended, and what it said."""

    status: int
    output: str
    errors: str


def run_program(
    command: Sequence[str],
    seconds: float,
    what: str = "",
    folder: Path | None = None,
    environment: Mapping[str, str] | None = None,
    into: IO[bytes] | None = None,
    told_after: float = TOLD_AFTER,
) -> Ended:
    """Run a program to its end; it gets no input.

    Args:
        seconds: how long it may take; then it is killed, with all that it has started.
        what: what is waited for, for a person; the command where it is empty.
        folder: where it runs.
        environment: its variables, those of this process when None.
        into: an open file that takes its output.
        told_after: seconds until a notice says what is waited for, and how long at most.

    Raises:
        ProgramError: there is no such program, or it took too long.
    """
    if shutil.which(command[0]) is None:
        raise ProgramError(f"the program {Path(command[0]).name} is not installed")
    what = what or " ".join(command[:2])
    process = subprocess.Popen(
        command, cwd=folder, env=None if environment is None else dict(environment), stdin=subprocess.DEVNULL,
        stdout=into or subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True,
    )  # fmt: skip
    try:
        output, errors = _ended(process, what, seconds, told_after)
    except BaseException as error:
        _kill(process)
        if isinstance(error, subprocess.TimeoutExpired):
            raise ProgramError(f"{what} took longer than {seconds:g} s") from None
        raise
    return Ended(process.returncode, (output or b"").decode(errors="replace"), errors.decode(errors="replace"))


def _ended(process: subprocess.Popen[bytes], what: str, seconds: float, told_after: float) -> tuple[bytes, bytes]:
    try:
        return process.communicate(timeout=min(told_after, seconds))
    except subprocess.TimeoutExpired:
        if seconds <= told_after:
            raise
    warnings.warn(f"waiting for {what}, at most {seconds:g} s", Notice, stacklevel=3)
    return process.communicate(timeout=seconds - told_after)


def _kill(process: subprocess.Popen[bytes]) -> None:
    """End a program and what it has started: they are a session of their own."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait(timeout=10)
    for pipe in (process.stdout, process.stderr):
        if pipe is not None:
            pipe.close()
