"""One process at a time."""

from __future__ import annotations

import fcntl
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from genlab.errors import ConfigError
from genlab.notice import Notice


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the lock file `path`, waiting for it where needed. The system frees it when its holder ends or dies.

    Raises:
        ConfigError: the file cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        opened = path.open("a")
    except OSError as error:
        raise ConfigError(f"paths.data_dir: {path.parent} cannot be written ({error.strerror})") from error
    with opened as file:
        _wait_for(file, path)
        try:
            yield
        finally:
            fcntl.flock(file, fcntl.LOCK_UN)


def _wait_for(file: IO[str], path: Path) -> None:
    """Its holder works, or is dead and holds nothing: so there is no limit, but nobody waits without knowing why."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        warnings.warn(f"waiting for another process, which works in {path.parent}", Notice, stacklevel=4)
        fcntl.flock(file, fcntl.LOCK_EX)
