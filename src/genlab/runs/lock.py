"""Who owns a run: a lock file with a heartbeat, taken over when its owner is dead."""

from __future__ import annotations

import contextlib
import fcntl
import os
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypedDict, get_type_hints

from genlab.atomic import write_json
from genlab.runs.reading import Unreadable, check_fields, read_json
from genlab.signals import Interrupted, uncut

HEARTBEAT_SECONDS = 5.0
STALE_SECONDS = 60.0


class RunIsLocked(RuntimeError):
    """Another process is working on the run."""


class Owner(TypedDict):
    """Who holds a lock."""

    host: str
    pid: int
    birth: str
    """Tells two processes of the same number apart."""


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
                raise RunIsLocked(f"{_named(holder)} is working on {self.path.parent}")
            write_json(self.path, _me())
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


def owner(path: Path) -> Owner | None:
    """The living owner of a lock file; None when it is free or its owner is dead.

    Of a file that does not say whose it is, the heartbeat alone decides; its owner has the number 0.
    """
    try:
        holder = _read(path)
        age = time.time() - path.stat().st_mtime
    except OSError:
        return None
    if holder is not None and holder["host"] == socket.gethostname():
        return holder if _birth(holder["pid"]) == holder["birth"] != "" else None
    return (holder or Owner(host="", pid=0, birth="")) if age < STALE_SECONDS else None


def _read(path: Path) -> Owner | None:
    """What a lock file says; None when that is nothing.

    Raises:
        FileNotFoundError: there is none.
    """
    try:
        content: Any = read_json(path, "")
        if content is None:
            raise FileNotFoundError(path)
        check_fields(content, get_type_hints(Owner), path, "")
        return Owner(host=content["host"], pid=content["pid"], birth=content["birth"])
    except (Unreadable, KeyError):
        return None


def _named(holder: Owner) -> str:
    return f"process {holder['pid']} on {holder['host']}" if holder["pid"] else "a process that its lock does not name"


def _me() -> Owner:
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
