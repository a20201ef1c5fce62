"""Files that are whole or absent: written beside their place, flushed to the disk, then renamed."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import re
import shutil
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from genlab.signals import uncut

_TEMPORARY = re.compile(r"\..+\.(?P<host>\w+)-(?P<pid>\d+)\.[a-z0-9_]{8}\.tmp")
"""Names that `replacing` gives: what is written, the writer, and what tempfile adds."""


class DiskFull(OSError):
    """There was no room for a file; what was there before is untouched."""


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[IO[bytes]]:
    """Open a binary file that takes the place of `path` when the block ends without an error; no signal cuts it short.

    Raises:
        DiskFull: no room is left. torch's zip writer hides that behind a RuntimeError, so free space is asked for.
    """
    with uncut():
        yield from _replacing(path)


def _replacing(path: Path) -> Iterator[IO[bytes]]:
    path.parent.mkdir(parents=True, exist_ok=True)
    writer = f"{_host()}-{os.getpid()}"
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.{writer}.", suffix=".tmp")
    os.close(handle)
    try:
        with open(temporary, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, 0o666 & ~_umask())  # mkstemp hides the file from others
        os.replace(temporary, path)
        _sync_folder(path.parent)
    except BaseException as error:
        full = _is_full(error, path.parent)  # asked while the half-written file still takes its room
        with contextlib.suppress(FileNotFoundError):
            os.unlink(temporary)
        if full:
            raise DiskFull(errno.ENOSPC, f"the disk is full: {path} could not be written") from error
        raise


@contextlib.contextmanager
def replacing_folder(path: Path) -> Iterator[Path]:
    """A new folder, which becomes `path` when the block ends without an error; that is absent before, or empty."""
    path = path.resolve()
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = Path(tempfile.mkdtemp(dir=path.parent, prefix=f".{path.name[:64]}."))
    try:
        yield temporary
        temporary.chmod(0o777 & ~_umask())  # mkdtemp hides the folder from others
        os.replace(temporary, path)
    except BaseException:
        shutil.rmtree(temporary, ignore_errors=True)
        raise


def remove_leftovers(folder: Path) -> None:
    """Remove the temporary files of `replacing` below `folder` whose writers on this machine are dead.

    Those of a living process stay, those of other machines, whose processes nobody knows here, and W&B's own.
    """
    for where, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if name != "wandb"]
        for match in filter(None, map(_TEMPORARY.fullmatch, names)):
            if match["host"] == _host() and not _is_alive(int(match["pid"])):
                (Path(where) / match[0]).unlink(missing_ok=True)


def _host() -> str:
    return re.sub(r"\W", "_", socket.gethostname())[:32] or "_"


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        pass
    return pid != os.getpid()  # what this process is writing, it knows


def write_text(path: Path, text: str) -> None:
    """Write `text` to `path` atomically."""
    with replacing(path) as file:
        file.write(text.encode())


def write_json(path: Path, value: Any) -> None:
    """Write `value` to `path` atomically as valid JSON: numbers that are not finite become strings."""
    write_text(path, json.dumps(_finite(value), indent=2, ensure_ascii=False, allow_nan=False) + "\n")


class Reserve:
    """Room on the disk that is held while the block runs: given back, it lets a full disk be written down.

    Args:
        path: the file that holds it.
        size: bytes.
    """

    def __init__(self, path: Path, size: int = 2**16) -> None:
        self._path, self._size = path, size

    def __enter__(self) -> Reserve:
        with replacing(self._path) as file:
            file.write(os.urandom(self._size))  # a file system that compresses cannot make nothing of it
        return self

    def __exit__(self, *_: object) -> None:
        self._path.unlink(missing_ok=True)


def _finite(value: Any) -> Any:
    if isinstance(value, float) and (value != value or value in (float("inf"), float("-inf"))):
        return str(value)
    if isinstance(value, dict):
        return {str(k): _finite(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(v) for v in value]
    return value


def _umask() -> int:
    current = os.umask(0)
    os.umask(current)
    return current


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _is_full(error: BaseException, folder: Path) -> bool:
    if isinstance(error, DiskFull):
        return False
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return True
    return isinstance(error, RuntimeError) and shutil.disk_usage(folder).free < 2**20
