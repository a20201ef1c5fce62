"""Files that carry their own checksum, so that one rename moves both: zip archives, as torch writes, with a comment.

The comment is part of the zip format: every reader of such files, `torch.load` among them, passes over it. The checksum
is that of the archive as it was before the comment was added, and covers every byte but its own.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

from genlab.regular import NoFile, open_regular

_LABEL = b"genlab sha256 "
_SEAL = len(_LABEL) + 64
_LENGTH = 2
"""Bytes at the end of a zip archive that say how long its comment is."""
_CHUNK = 2**20


def write_sealed(file: IO[bytes], write: Callable[[Any], None]) -> None:
    """Have `write` write a zip archive without a comment into `file`, and seal it.

    Args:
        file: empty, binary, open for writing; the archive is hashed on its way into it.
        write: given an object with `write` and `flush`.
    """
    hashing = _Hashing(file)
    write(hashing)
    file.seek(-_LENGTH, os.SEEK_END)
    file.write(_end(hashing.sha256.hexdigest()))
    file.flush()


def is_sealed(path: Path) -> bool:
    """Whether a file is there and carries a checksum, right or wrong."""
    try:
        with open_regular(path) as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - _SEAL))
            return file.read().startswith(_LABEL)
    except (FileNotFoundError, NoFile):
        return False


def is_whole(path: Path) -> bool:
    """Whether a file is there and carries the checksum of its content."""
    try:
        with open_regular(path) as file:
            left = file.seek(0, os.SEEK_END) - _LENGTH - _SEAL
            file.seek(0)
            sha256 = hashlib.sha256()
            while left > 0 and (chunk := file.read(min(_CHUNK, left))):
                sha256.update(chunk)
                left -= len(chunk)
            end = file.read()
    except (FileNotFoundError, NoFile):
        return False
    sha256.update(bytes(_LENGTH))  # what stood there when it was hashed
    return end == _end(sha256.hexdigest())


def _end(sha256: str) -> bytes:
    return _SEAL.to_bytes(_LENGTH, "little") + _LABEL + sha256.encode()


class _Hashing:
    """Writes to a file and hashes what it writes."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self.sha256 = hashlib.sha256()

    def write(self, data: bytes) -> int:
        self.sha256.update(data)
        return self._file.write(data)

    def flush(self) -> None:
        self._file.flush()
