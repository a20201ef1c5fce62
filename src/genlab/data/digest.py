"""SHA-256 of files and of folders."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from genlab.data.walk import files_under
from genlab.regular import file_digest


def listing_digest(files: Iterable[tuple[str, str]]) -> str:
    """SHA-256 of (name, SHA-256) pairs in the order of the names; a name counts by its bytes, which may be no text."""
    lines = "".join(f"{sha256}  {name}\n" for name, sha256 in sorted(files))
    return hashlib.sha256(os.fsencode(lines)).hexdigest()


def folder_digest(folder: Path) -> str:
    """SHA-256 of all files under `folder`, their relative names included; what is no file is passed over.

    Raises:
        OSError: one of them cannot be read.
    """
    files = files_under(folder, hidden=True).files
    return listing_digest((name, file_digest(folder / name)) for name in files)


def mismatch(folder: Path, expected: Mapping[str, str]) -> str | None:
    """What differs between `folder` and the digests expected in it (names ending in "/" are folders), or None."""
    for name, sha256 in expected.items():
        path = folder / name
        if not path.exists():
            return f"{name} is missing"
        digest = folder_digest(path) if name.endswith("/") else file_digest(path)
        if digest != sha256:
            return f"{name} has the SHA-256 {digest[:12]}... instead of {sha256[:12]}..."
    return None


def check_digest(sha256: str) -> None:
    """Raises ValueError for what is no whole SHA-256: of a part of one, other content could be made."""
    if not re.fullmatch(r"[0-9a-f]{64}", sha256):
        raise ValueError(f"{sha256!r} is not a whole SHA-256, 64 hexadecimal digits")
