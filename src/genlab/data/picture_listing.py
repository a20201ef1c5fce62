"""The pictures or sounds that lie under a folder, by their names; none is opened."""

from __future__ import annotations

import mimetypes
import os
from pathlib import Path

from genlab.data.folder_labels import top_folder
from genlab.data.walk import Listing, files_under, reason, shown
from genlab.errors import listed

_SUFFIXES = frozenset((
    ".png", ".jpg", ".jpeg", ".webp", ".gif", ".bmp", ".tif", ".tiff", ".ppm", ".pgm", ".pbm", ".avif", ".jp2",
))  # fmt: skip
_OF_SOUND = frozenset((".wav", ".flac", ".ogg", ".mp3", ".aif", ".aiff", ".aifc", ".au", ".caf", ".w64", ".rf64"))
_SPLIT_NAMES = frozenset(("train", "training", "val", "valid", "validation", "test"))


def pictures_under(path: str | Path) -> Listing:
    """The files of the kinds that are read, relative to the folder, in order; pictures of other kinds are passed over.

    Raises:
        ValueError: there is no such folder, no picture in it, or parts of it that would be mixed.
    """
    return _under(path, "picture", "image/", _SUFFIXES)


def sounds_under(path: str | Path) -> Listing:
    """The same of sounds."""
    return _under(path, "sound", "audio/", _OF_SOUND)


def _under(path: str | Path, what: str, kind: str, suffixes: frozenset[str]) -> Listing:
    """Files by their suffixes; those that are of the `kind` all the same are passed over."""

    def is_read(name: str) -> bool:
        return Path(name).suffix.lower() in suffixes

    root, key = Path(path).expanduser().resolve(), f"dataset.source.path={str(path)!r}"
    if not root.is_dir():
        raise ValueError(f"{key} is no folder")
    try:
        str(root).encode()
    except UnicodeEncodeError as error:
        raise ValueError(f"dataset.source.path={shown(str(path))!r} is no UTF-8: rename the folder") from error
    try:
        listing = files_under(root, lambda name: is_read(name) or _guessed(name).startswith(kind))
    except OSError as error:
        raise ValueError(f"{key} cannot be read: {reason(error)}") from error
    for name in listing.files:
        if not is_read(name):
            listing.passed_over[name] = f"{Path(name).suffix.lower()} is not read"
    files = [name for name in listing.files if is_read(name)]
    if not files:
        n_files = sum(len(names) for _, _, names in os.walk(root))
        holds = f"holds {n_files} files but no {what}" if n_files else "is empty"
        raise ValueError(f"{key} {holds} (known are {listed(suffixes, 20)})")
    if len(parts := {top_folder(name) for name in files} & _SPLIT_NAMES) > 1:
        raise ValueError(f"{key} holds {listed(parts)}: name one of them, or its parts would be mixed")
    return Listing(files, listing.passed_over)


def is_picture(name: str) -> bool:
    """Whether a file is a picture by its name, of a kind that is read."""
    return Path(name).suffix.lower() in _SUFFIXES


def _guessed(name: str) -> str:
    """The kind of a file by its name, such as image/heic; empty where it is not known."""
    return mimetypes.guess_type(name)[0] or ""
