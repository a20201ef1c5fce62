"""Who owns a run: a lock file with a heartbeat, taken over when its owner is dead."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from genlab.runs.signals import Interrupted, uncut

HEARTBEAT_SECONDS = 5.0
STALE_SECONDS = 60.0


class RunIsLocked(RuntimeError):
    """Another process is working on the run."""


class Lock:
    """Holds `path` while the block runs; its modification time is the heartbeat.

    An owner is dead when its process is gone (same machine) or its heart has not beaten for a minute (any machine).

    Raises:
        RunIsLocked: a living process holds it.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._stop = threading.Event()

    def __enter__(self) -> Lock:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with uncut():
                self._take()
            return self
        except Interrupted:  # it came while the lock was taken
            self.__exit__()
            raise

    def __exit__(self, *_: object) -> None:
        with uncut():
            self._stop.set()
            self._beat.join()
            self.path.unlink(missing_ok=True)

    def _take(self) -> None:
        with self._guarded():
            if (holder := owner(self.path)) is not None:
                raise RunIsLocked(f"process {holder['pid']} on {holder['host']} is working on {self.path.parent}")
            self.path.write_text(json.dumps(_me()))
        self._beat = threading.Thread(target=self._heartbeat, daemon=True, name="genlab-heartbeat")
        self._beat.start()

    def _heartbeat(self) -> None:
        while not self._stop.wait(HEARTBEAT_SECONDS):
            with contextlib.suppress(OSError):
                os.utime(self.path)

    @contextlib.contextmanager
    def _guarded(self) -> Iterator[None]:
        """One process at a time looks at the lock and takes it."""
        with (self.path.parent / ".lock").open("a") as guard:
            fcntl.flock(guard, fcntl.LOCK_EX)
            yield


def owner(path: Path) -> dict[str, Any] | None:
    """The living owner of a lock file; None when it is free or its owner is dead."""
    try:
        holder = json.loads(path.read_text())
        age = time.time() - path.stat().st_mtime
    except (OSError, ValueError):
        return None
    if holder["host"] == socket.gethostname():
        return holder if _birth(holder["pid"]) == holder["birth"] != "" else None
    return holder if age < STALE_SECONDS else None


def _me() -> dict[str, Any]:
    return {"host": socket.gethostname(), "pid": os.getpid(), "birth": _birth(os.getpid())}


_ENDED = ("Z", "X")
"""States of /proc/PID/stat: a zombie, and dead."""


def _birth(pid: int) -> str:
    """A text that tells two processes of the same number apart; empty when there is no such process.

    One that has ended counts as none, even while nobody has waited for it (a zombie).
    """
    with contextlib.suppress(OSError, IndexError):
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()  # from the third on
        return "" if fields[0] in _ENDED else fields[19]
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return ""
    except PermissionError:
        return "other"
    return "alive"
