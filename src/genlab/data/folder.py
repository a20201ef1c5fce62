"""A folder of the user's own pictures."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from genlab.config.errors import listed
from genlab.data.catalog import cache_folder
from genlab.data.digest import listing_digest
from genlab.data.digest_memory import remembered_digests
from genlab.data.fit import check_channels
from genlab.data.picture import to_square
from genlab.data.prepared import About, Write, notes, prepared
from genlab.data.progress import progress
from genlab.data.source import Images
from genlab.notice import Notice

_SUFFIXES = frozenset((
    ".png", ".jpg", ".jpeg", ".webp", ".gif", ".bmp", ".tif", ".tiff", ".ppm", ".pgm", ".pbm", ".avif", ".jp2",
))  # fmt: skip
_SPLIT_NAMES = frozenset(("train", "training", "val", "valid", "validation", "test"))


@dataclass(frozen=True)
class ImageFolder:
    """All pictures under a folder, converted once; files that cannot be read are left out and reported.

    Folders inside it are classes: the first one on the way to a picture is its label. Pictures that lie in the folder
    itself leave the whole set without labels. Hidden files and files that are no pictures are passed over.

    Args:
        path: the folder.
        data_dir: where the converted pictures are kept.
        framing: "crop" takes the central square, "pad" all of it between white borders.
    """

    path: str | Path
    data_dir: str | Path
    framing: Literal["crop", "pad"] = "crop"

    @property
    def name(self) -> str:
        return self._root.name or "image_folder"

    @property
    def _root(self) -> Path:
        return Path(self.path).expanduser().resolve()

    @property
    def _home(self) -> Path:
        return Path(self.data_dir).expanduser() / "image_folder"

    @property
    def names(self) -> list[str]:
        """The pictures' names, relative to the folder, in the order of `load`; it leaves out what cannot be read."""
        return list(self._files)

    def identity(self) -> str:
        """Of the names, sizes and contents of the pictures. Contents are read again only where size or time changed."""
        return listing_digest([*self._digests.items(), ("framing", self.framing)])

    @cached_property
    def _digests(self) -> dict[str, str]:
        """Picture -> SHA-256, by relative name."""
        return remembered_digests(self._root, self._files, self._home)

    @cached_property
    def _files(self) -> list[str]:
        """The names of the pictures, relative to the folder, in order."""
        if not self._root.is_dir():
            raise ValueError(f"dataset.source.path={str(self.path)!r} is no folder")
        files = sorted(_pictures(self._root))
        if not files:
            found = sum(len(names) for _, _, names in os.walk(self._root))
            holds = f"holds {found} files but no picture" if found else "is empty"
            raise ValueError(f"dataset.source.path={str(self.path)!r} {holds} (known are {listed(_SUFFIXES, 20)})")
        tops = {name.partition("/")[0] for name in files}
        if len(tops & _SPLIT_NAMES) > 1:
            raise ValueError(
                f"dataset.source.path={str(self.path)!r} holds {listed(tops & _SPLIT_NAMES)}: name one of them, "
                "or its parts would be mixed"
            )
        return files

    def load(self, channels: int, size: int) -> Images:
        """The pictures.

        Raises:
            ValueError: there is no such folder, or no picture in it that can be read.
        """
        check_channels(channels)
        cache = cache_folder(self._home, self.identity(), channels, size)
        images = prepared(cache, (channels, size, size), lambda write: self._prepare(write, channels, size))
        for note in notes(cache):
            warnings.warn(note, Notice, stacklevel=2)
        return images

    def _prepare(self, write: Write, channels: int, size: int) -> About:
        kept: list[str] = []
        unread: list[str] = []
        # Filters of warnings belong to the process: were they set in the threads, one would put back those of another.
        with warnings.catch_warnings(), progress(f"converting {self.name}", len(self._files), "images") as advance:
            warnings.simplefilter("ignore")
            for name, result in zip(self._files, self._converted(channels, size), strict=True):
                advance(1)
                if isinstance(result, Exception):
                    unread.append(f"{name} ({result})")
                else:
                    kept.append(name)
                    write(result[None])
        if not kept:
            raise ValueError(f"dataset.source.path={str(self.path)!r}: none of its {len(unread)} pictures can be read")
        counted = f"{len(unread)} of the {len(self._files)} pictures in {self._root}"
        said = [f"{counted} cannot be read and are left out: {listed(unread, 5)}"]
        labels, names = _labels(kept)
        return About(labels, names, notes=said if unread else [])

    def _converted(self, channels: int, size: int) -> Iterator[NDArray[np.uint8] | Exception]:
        """In order; Pillow lets several threads work at once."""

        def convert(name: str) -> NDArray[np.uint8] | Exception:
            from PIL import Image, UnidentifiedImageError

            try:
                with Image.open(self._root / name) as picture:
                    return to_square(picture, channels, size, self.framing)
            except UnidentifiedImageError:
                return ValueError("no picture")
            except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
                return error

        chunk = 256  # so that few converted pictures wait at a time
        with ThreadPoolExecutor() as pool:
            for start in range(0, len(self._files), chunk):
                yield from pool.map(convert, self._files[start : start + chunk])


def _pictures(root: Path) -> Iterator[str]:
    """Relative names. Links to folders are not followed, hidden files and folders are passed over."""
    for folder, inside, names in os.walk(root):
        inside[:] = [name for name in inside if not name.startswith((".", "__MACOSX"))]
        for name in names:
            if not name.startswith(".") and Path(name).suffix.lower() in _SUFFIXES:
                yield (Path(folder) / name).relative_to(root).as_posix()


def _labels(names: Sequence[str]) -> tuple[NDArray[np.int64] | None, list[str] | None]:
    """The class of each picture, and the names of the classes in alphabetical order; None without class folders."""
    tops = [name.partition("/")[0] if "/" in name else "" for name in names]
    if "" in tops:
        return None, None
    classes, labels = np.unique(tops, return_inverse=True)
    return labels.astype(np.int64), [str(name) for name in classes]
