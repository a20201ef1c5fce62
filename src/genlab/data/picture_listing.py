"""The pictures that lie under a folder, by their names; none is opened."""

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
_SPLIT_NAMES = frozenset(("train", "training", "val", "valid", "validation", "test"))


def pictures_under(path: str | Path) -> Listing:
    """The files of the kinds that are read, relative to the folder, in order; pictures of other kinds are passed over.

    Raises:
        ValueError: there is no such folder, no picture in it, or parts of it that would be mixed.
    """
    root, key = Path(path).expanduser().resolve(), f"dataset.source.path={str(path)!r}"
    if not root.is_dir():
        raise ValueError(f"{key} is no folder")
    try:
        str(root).encode()
    except UnicodeEncodeError as error:
        raise ValueError(f"dataset.source.path={shown(str(path))!r} is no UTF-8: rename the folder") from error
    try:
        listing = files_under(root, _looks_like_a_picture)
    except OSError as error:
        raise ValueError(f"{key} cannot be read: {reason(error)}") from error
    for name in listing.files:
        if not is_picture(name):
            listing.passed_over[name] = f"{Path(name).suffix.lower()} is not read"
    files = [name for name in listing.files if is_picture(name)]
    if not files:
        n_files = sum(len(names) for _, _, names in os.walk(root))
        holds = f"holds {n_files} files but no picture" if n_files else "is empty"
        raise ValueError(f"{key} {holds} (known are {listed(_SUFFIXES, 20)})")
    if len(parts := {top_folder(name) for name in files} & _SPLIT_NAMES) > 1:
        raise ValueError(f"{key} holds {listed(parts)}: name one of them, or its parts would be mixed")
    return Listing(files, listing.passed_over)


def is_picture(name: str) -> bool:
    """Whether a file is a picture by its name, of a kind that is read."""
    return Path(name).suffix.lower() in _SUFFIXES


def _looks_like_a_picture(name: str) -> bool:
    """Whether a file is a picture by its name, of a kind that is read or not."""
    return is_picture(name) or (mimetypes.guess_type(name)[0] or "").startswith("image/")
