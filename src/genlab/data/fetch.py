"""Brings the files of a known data set to this machine, checked."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

from genlab.data.catalog import Entry, entry_named
from genlab.data.digest import mismatch
from genlab.data.lock import locked
from genlab.data.mirrors import Folder, Origin, OriginError


class DataUnavailableError(ValueError):
    """No origin gave the data: says which were tried, why each failed, and what to do."""


def files_of(name: str, data_dir: Path, folder: Path | None = None) -> Path:
    """The folder with the files of the data set `name`, SHA-256 checked.

    Tried in order: the user's own `folder`, what was fetched before, files that the user has put into
    `data_dir`/`name`, then the data set's origins.

    Raises:
        DataUnavailableError: nothing worked.
        ValueError: there is no such data set, or it needs no fetching.
    """
    entry = entry_named(name)
    home = data_dir / name
    files = home / "files"
    with locked(home / ".lock"):
        if files.exists() and mismatch(files, entry.files) is None:
            return files
        for remains in home.glob(".new-*"):  # of a process that was killed
            shutil.rmtree(remains, ignore_errors=True)
        tried: list[str] = []
        for origin in _origins(entry, home, folder):
            failure = _bring(origin, entry, home, files)
            if failure is None:
                return files
            tried.append(f"  {origin}: {failure}")
        raise DataUnavailableError(_advice(entry, home, tried))


def _origins(entry: Entry, home: Path, folder: Path | None) -> Sequence[Origin]:
    own = [] if folder is None else [Folder(folder)]
    return [*own, Folder(home), *entry.origins]


def _bring(origin: Origin, entry: Entry, home: Path, files: Path) -> str | None:
    """Fill `files` from an origin, all or nothing; else why not."""
    with tempfile.TemporaryDirectory(dir=home, prefix=".new-") as new:
        into = Path(new) / "files"
        into.mkdir()
        try:
            origin.bring(list(entry.files), into, home / "download")
        except OriginError as error:
            return str(error)
        if (wrong := mismatch(into, entry.files)) is not None:
            shutil.rmtree(home / "download", ignore_errors=True)  # else the next attempt would find the same
            return wrong
        shutil.rmtree(files, ignore_errors=True)
        into.rename(files)
    shutil.rmtree(home / "download", ignore_errors=True)
    return None


def _advice(entry: Entry, home: Path, tried: Sequence[str]) -> str:
    names = ", ".join(f"{name}*" if name.endswith("/") else name for name in entry.files)
    return "\n".join(
        [
            f"the data set {entry.name!r} could not be fetched; tried:",
            *tried,
            f"get {names} (packed with gzip or not) where there is a network, put them into {home}, and try again",
        ]
    )
