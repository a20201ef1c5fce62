"""The files under a folder: the one place that walks a folder of a user's own.

What lies there is of any kind: names that are no text, links to nowhere or to themselves, named pipes, folders that may
not be opened. Nothing is opened here, so nothing can hang, and what is passed over is reported.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

_Identity = tuple[int, int]
"""Device and inode: what a folder is, whatever its names."""


@dataclass
class Listing:
    """What lies under a folder."""

    files: list[str] = field(default_factory=list)
    """Relative names with "/", in order, as the system has them: bytes that are no UTF-8 are surrogates."""

    passed_over: dict[str, str] = field(default_factory=dict)
    """Relative name -> why it could not be taken ("a link to nowhere")."""


def files_under(root: Path, select: Callable[[str], bool] | None = None, hidden: bool = False) -> Listing:
    """The regular files under `root`, links followed.

    What two links lead to is read twice only where they belong to two folders of the root (two classes).

    Args:
        root: a folder.
        select: relative name -> whether such a file is asked for; None asks for all.
        hidden: with files and folders whose names begin with "." (and with __MACOSX, which archives leave behind).

    Raises:
        OSError: `root` itself cannot be read.
    """
    walk = _Walk(root, select or (lambda name: True), hidden)
    walk.read("")
    while walk.links:  # after all real folders, which keep their names whatever leads to them
        name, identity = walk.links.pop(0)
        if walk.is_new(name, identity):
            walk.read(name)
        else:
            walk.listing.passed_over[name] = "a link to a folder that is read already"
    walk.listing.files.sort()
    return walk.listing


class _Walk:
    def __init__(self, root: Path, accepts: Callable[[str], bool], hidden: bool) -> None:
        self.root, self.accepts, self.hidden = root, accepts, hidden
        self.listing = Listing()
        self.links: list[tuple[str, _Identity]] = []
        """Relative names of links to folders, and where they lead."""
        self._above = {_identity(os.stat(folder)) for folder in (root, *root.resolve().parents)}
        self._seen: dict[str, set[_Identity]] = {}  # folder in the root -> what is read below it

    def is_new(self, name: str, identity: _Identity) -> bool:
        """Whether the folder `identity` is not yet read for the same folder of the root; from now on it is."""
        seen = self._seen.setdefault(name.partition("/")[0], set(self._above))
        if identity in seen:
            return False
        seen.add(identity)
        return True

    def read(self, folder: str) -> None:
        """The files of a folder and of those inside it; links to folders are put off."""
        waiting = [folder]
        while waiting:
            waiting += self._read(waiting.pop())

    def _read(self, folder: str) -> list[str]:
        """Take in one folder; returns those inside it."""
        inside: list[str] = []
        for name, entry in self._entries(folder):
            try:
                if entry.is_dir():
                    identity = _identity(entry.stat())
                    if entry.is_symlink():
                        self.links.append((name, identity))
                    elif self.is_new(name, identity):
                        inside.append(name)
                elif entry.is_symlink() and not os.path.exists(entry.path):
                    self.listing.passed_over[name] = "a link to nowhere"  # it may have been a folder's
                elif self.accepts(name):
                    self._take(name, entry)
            except OSError as error:
                self.listing.passed_over[name] = reason(error)
        return inside

    def _take(self, name: str, entry: os.DirEntry[str]) -> None:
        if entry.is_file():
            self.listing.files.append(name)
        else:
            kinds = {stat.S_IFIFO: "a named pipe", stat.S_IFSOCK: "a socket"}
            self.listing.passed_over[name] = kinds.get(stat.S_IFMT(entry.stat().st_mode), "a device")

    def _entries(self, folder: str) -> Iterator[tuple[str, os.DirEntry[str]]]:
        """(relative name, entry) of one folder, in order."""
        try:
            with os.scandir(self.root / folder) as scan:
                entries = sorted(scan, key=lambda entry: entry.name)
        except OSError as error:
            if not folder:
                raise
            self.listing.passed_over[folder] = f"a folder that cannot be opened: {reason(error)}"
            return
        for entry in entries:
            if self.hidden or not entry.name.startswith((".", "__MACOSX")):
                yield (f"{folder}/{entry.name}" if folder else entry.name), entry


def shown(name: str) -> str:
    """A file's name as text that can be printed and saved: bytes that are no UTF-8 become \\xe9 and the like."""
    return os.fsencode(name).decode("utf-8", "backslashreplace")


def reason(error: OSError) -> str:
    """Why a file cannot be read, without its path."""
    return (error.strerror or str(error) or type(error).__name__).lower()


def _identity(status: os.stat_result) -> _Identity:
    return status.st_dev, status.st_ino
