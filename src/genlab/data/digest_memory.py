"""SHA-256 of many files, without reading again what has not changed."""

from __future__ import annotations

import hashlib
import json
import os
import warnings
from collections.abc import Callable, Iterable
from pathlib import Path

from genlab.data.digest import file_digest
from genlab.notice import Notice
from genlab.progress import progress


def remembered_digests(
    root: Path, names: Iterable[str], memory: Path, unread: Callable[[str, OSError], None] | None = None
) -> dict[str, str]:
    """The SHA-256 of files under `root`, by relative name; `memory` is a folder to remember them in.

    A file whose size and modification time are as remembered is not read again. A file that cannot be read is left
    out and given to `unread`, without which it is an error. A memory that is damaged is made anew.
    """
    book = memory / f"digests-{hashlib.sha256(os.fsencode(root)).hexdigest()[:12]}.json"
    remembered = _remembered(book)
    now: dict[str, list[int | str]] = {}
    names = list(names)
    with progress(f"reading {root.name}", len(names), "files") as advance:
        for name in names:
            try:
                now[name] = _digested(root / name, remembered.get(name))
            except OSError as error:
                if unread is None:
                    raise
                unread(name, error)
            advance(1)
    if now != remembered:
        _remember(book, now)
    return {name: str(entry[2]) for name, entry in now.items()}


def _digested(path: Path, before: list[int | str] | None) -> list[int | str]:
    """Size, time of change and SHA-256 of a file."""
    status = path.stat()
    stamp: list[int | str] = [status.st_size, status.st_mtime_ns]
    return before if before and before[:2] == stamp else [*stamp, file_digest(path)]


def _remembered(book: Path) -> dict[str, list[int | str]]:
    try:
        content = json.loads(book.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, RecursionError):
        content = None
    if isinstance(content, dict) and all(map(_is_entry, content.values())):
        return content
    warnings.warn(f"{book} is damaged: the files are read again", Notice, stacklevel=3)
    return {}


def _is_entry(entry: object) -> bool:
    """[size, modification time, SHA-256]"""
    return isinstance(entry, list) and list(map(type, entry)) == [int, int, str]


def _remember(book: Path, entries: dict[str, list[int | str]]) -> None:
    book.parent.mkdir(parents=True, exist_ok=True)
    new = book.with_name(f"{book.name}.{os.getpid()}")
    new.write_text(json.dumps(entries), encoding="utf-8")
    os.replace(new, book)
