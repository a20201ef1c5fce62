"""Files from strangers, opened without a wait: what may stand for a file is a pipe, a device or endless."""

from __future__ import annotations

import errno
import hashlib
import io
import os
import stat
from pathlib import Path

MOST_BYTES = 2**28
"""Bytes of a JSON file or a picture of genlab's own; a sweep of ten thousand rows takes a few million."""
MOST_LINES = 2**31
"""Bytes of a history: some ten million steps."""


class NoFile(OSError):
    """There is a pipe, a device or a socket, or more than is ever written to such a file."""


def open_regular(path: Path) -> io.BufferedReader:
    """Open a file for reading in binary.

    Raises:
        NoFile: it is a pipe, a device or a socket: nothing is read of it.
        OSError: it is a folder, is not there, or may not be read.
    """
    handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        mode = os.fstat(handle).st_mode
        if stat.S_ISDIR(mode):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
        if not stat.S_ISREG(mode):
            raise NoFile(errno.EINVAL, "it is a pipe or a device, and no file", str(path))
        return open(handle, "rb")
    except BaseException:
        os.close(handle)
        raise


def read_regular(path: Path, most: int) -> bytes:
    """The content of a file of at most `most` bytes.

    Raises:
        NoFile: it is no file, or larger.
        OSError: it cannot be read.
    """
    with open_regular(path) as file:
        if os.fstat(file.fileno()).st_size > most or len(content := file.read(most + 1)) > most:
            raise NoFile(errno.EFBIG, f"it has more than {most} bytes", str(path))
        return content


def file_digest(path: Path) -> str:
    """The SHA-256 of a file's content, in hexadecimal.

    Raises:
        OSError: it cannot be read.
    """
    with open_regular(path) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
