"""A folder of the user's own pictures."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from genlab.data.buckets import buckets_of
from genlab.data.captions import folder_captions
from genlab.data.catalog import cache_folder
from genlab.data.digest import listing_digest
from genlab.data.digest_memory import remembered_digests
from genlab.data.dynamic_range import DynamicRange, UnclearRange, checked_range
from genlab.data.folder_labels import TABLE, classes_of, labels_by_table, numbered, why_unlabelled
from genlab.data.picture import to_size
from genlab.data.picture_listing import pictures_under
from genlab.data.prepared import About, Write, notes, prepared
from genlab.data.resize import check_channels
from genlab.data.second_pictures import check_proportions, same_second, second_pictures
from genlab.data.source import Images
from genlab.data.walk import Listing, reason, shown
from genlab.errors import listed
from genlab.notice import Notice
from genlab.picture_size import Size, height_and_width
from genlab.progress import progress
from genlab.ranges import AnyFloat

if TYPE_CHECKING:
    from PIL import Image as Pillow

_CONVERSION = 2
"""Raised when converting the same files gives other pixels or notes; the data's identity does not change with it."""


@dataclass(frozen=True)
class ImageFolder:
    """All pictures under a folder, converted once; files that cannot be read are left out and reported.

    A `metadata.csv` in the folder with the columns file_name and label says the class of each picture. Without one,
    folders inside are classes: the first one on the way to a picture is its label, and pictures that lie in the folder
    itself leave the whole set without labels. Links are followed. Hidden files and files that are no pictures are
    passed over.

    Args:
        path: the folder.
        data_dir: where the converted pictures are kept.
        framing: "crop" takes the central part of the proportions asked for, "pad" all of it between white borders.
        range: the values that are black and white in pictures of more than 8 bits, where their files leave it open.
        captions: "auto" reads a text for each picture, from a table or from NAME.txt (`captions.folder_captions`).
        captions_missing: what becomes of pictures without one: the empty text, or they are left out; None refuses them.
        buckets: sizes; of pictures of one of them are loaded only those whose proportions are nearest to it.
        other_column: the column of a table that names a second picture for each (`second_pictures.second_pictures`).
            Pictures with the same second one never fall into different splits.
    """

    explains_missing_classes = True
    """It has `why_no_classes`, for a person whose model needs them."""

    path: str | Path
    data_dir: str | Path
    framing: Literal["crop", "pad"] = "crop"
    range: Sequence[AnyFloat] | None = None
    captions: Literal["auto"] | None = None
    captions_missing: Literal["empty", "drop"] | None = None
    buckets: Sequence[Size] | None = None
    other_column: str | None = None

    def __post_init__(self) -> None:
        checked_range(self.range)

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
        return list(self._second if self.captions is None else self._captions)

    @property
    def has_others(self) -> bool:
        return self.other_column is not None

    def identity(self) -> str:
        """A digest of the names, sizes and contents of the pictures.

        Contents are read again only where size or time changed.
        """
        parts = [*((name, self._digests[name]) for name in self.names), ("framing", self.framing)]
        if self._table is not None:
            parts.append((TABLE, listing_digest(self._table.items())))
        if (given := checked_range(self.range)) is not None:
            parts.append(("range", repr(given)))
        if self.captions is not None:
            parts.append(("captions", listing_digest((name, repr(texts)) for name, texts in self._captions.items())))
        if self.buckets is not None:
            parts.append(("buckets", repr([height_and_width(size) for size in self.buckets])))
        if self.other_column is not None:
            pairs = ((name, self._second[name]) for name in self.names)
            parts.append(("others", listing_digest((name, self._digests[other]) for name, other in pairs if other)))
        return listing_digest(parts)

    def names_of(self, size: Size) -> list[str]:
        """The pictures that are loaded at a size: all, or those of its bucket."""
        if self.buckets is None:
            return self.names
        sizes = [height_and_width(each) for each in self.buckets]
        own = sizes.index(height_and_width(size))
        return [name for name, bucket in zip(self.names, self._bucket, strict=True) if bucket == own]

    @cached_property
    def _bucket(self) -> list[int]:
        """The bucket of each picture, in the order of `names`."""
        return buckets_of(self._root, self.names, [height_and_width(size) for size in self.buckets or ()])

    @cached_property
    def num_classes(self) -> int | None:
        """How many classes the pictures have, known without opening one; None for fewer than two."""
        names = list(self._with_second(self._listing.files))
        classes = classes_of(names, labels_by_table(self._root, names)[0])
        return n if classes is not None and (n := len(set(classes))) > 1 else None

    @property
    def why_unlabelled(self) -> str | None:
        """What a person can do about pictures without labels; None where there is nothing to say."""
        return why_unlabelled(self.names)

    @property
    def why_no_classes(self) -> str:
        """What a person can do about a folder without classes."""
        try:
            stray = why_unlabelled(list(self._with_second(self._listing.files)))
        except ValueError as error:
            return str(error)
        advice = "has no two folders with pictures, which would be classes; take model=vae or another without"
        return stray or f"{self.path} {advice}"

    @cached_property
    def _digests(self) -> dict[str, str]:
        """Picture -> SHA-256, by relative name; those that can be read."""
        left_out = self._listing.passed_over

        def unread(name: str, error: OSError) -> None:
            left_out[name] = reason(error)

        digests = remembered_digests(self._root, self._listing.files, self._home, unread)
        if not digests:
            self._refuse_all(len(self._listing.files))
        return digests

    def _with_second(self, files: list[str]) -> Mapping[str, str | None]:
        """Picture -> its second picture, where they are asked for; without those that are second pictures alone."""
        if self.other_column is None:
            return dict.fromkeys(files)
        return second_pictures(self._root, files, self.other_column)

    @cached_property
    def _second(self) -> Mapping[str, str | None]:
        """The same of the pictures that can be read."""
        return self._with_second(list(self._digests))

    @cached_property
    def _table(self) -> dict[str, str] | None:
        """Picture -> class, where a table says so of every picture."""
        return labels_by_table(self._root, self.names)[0]

    @cached_property
    def _captions(self) -> dict[str, list[str]]:
        """Picture -> its captions, where they are asked for."""
        return folder_captions(self._root, list(self._second), self.captions_missing)

    @cached_property
    def _listing(self) -> Listing:
        return pictures_under(self.path)

    def load(self, channels: int, size: Size) -> Images:
        """The pictures.

        Raises:
            ValueError: there is no such folder, or no picture in it that can be read, or it is not certain which of
                their values are black and white.
        """
        check_channels(channels)
        cache = cache_folder(self._home, self.identity(), channels, size, _CONVERSION)
        images = prepared(
            cache, (channels, *height_and_width(size)), lambda write: self._prepare(write, channels, size)
        )
        for note in self._notes(notes(cache)):
            if note not in self._told:  # of several buckets by another
                self._told.add(note)
                warnings.warn(note, Notice, stacklevel=2)
        return images

    @cached_property
    def _told(self) -> set[str]:
        return set()

    def _notes(self, unread: list[str]) -> Iterator[str]:
        """What a person should know of the folder, and of the pictures at one size that cannot be read."""
        left_out = [f"{shown(name)} ({why})" for name, why in self._listing.passed_over.items()]
        n = len(left_out) + len(self.names)
        for lost in filter(None, [left_out + unread] if self.buckets is None else [left_out, unread]):
            yield f"{len(lost)} of the {n} pictures in {self._root} cannot be read and are left out: {listed(lost, 5)}"
        if missing := len(self._second) - len(self.names):
            yield f"{missing} of the {len(self._second)} pictures in {self._root} have no caption and are left out"
        unused = labels_by_table(self._root, self.names)[1]
        if unused is not None and self.captions is self.other_column is None:  # a table of others need not give classes
            yield unused

    def _prepare(self, write: Write, channels: int, size: Size) -> About:
        kept: list[str] = []
        unread: list[str] = []
        # Filters of warnings belong to the process: were they set in the threads, one would put back those of another.
        names = self.names_of(size)
        others = np.empty((len(names), channels, *height_and_width(size)), np.uint8) if self.has_others else None
        with warnings.catch_warnings(), progress(f"converting {self.name}", len(names), "images") as advance:
            warnings.simplefilter("ignore")
            for name, result in zip(names, self._converted(names, channels, size), strict=True):
                advance(1)
                if isinstance(result, Exception):
                    unread.append(f"{shown(name)} ({result})")
                    continue
                write(result[:1])
                if others is not None:
                    others[len(kept)] = result[1]
                kept.append(name)
        if not kept:
            self._refuse_all(len(unread))
        labels, class_names = self._numbered(kept)
        captions = None if self.captions is None else [self._captions[name] for name in kept]
        if others is None:
            return About(labels, class_names, notes=unread, captions=captions)
        others = others[: len(kept)]
        return About(labels, class_names, 0, same_second(others), unread, captions, others)

    def _numbered(self, kept: list[str]) -> tuple[NDArray[np.int64] | None, list[str] | None]:
        """The class of each picture, and the classes' names, which are the same in all buckets."""
        names = kept if self.buckets is None else self.names
        if (classes := classes_of(names, self._table)) is None:
            return None, None
        labels, class_names = numbered(classes, by_size=self._table is not None)
        label_of = dict(zip(names, labels, strict=True))
        return np.array([label_of[name] for name in kept], np.int64), class_names

    def _refuse_all(self, n: int) -> None:
        raise ValueError(f"dataset.source.path={str(self.path)!r}: none of its {n} pictures can be read")

    def _converted(self, names: Sequence[str], channels: int, size: Size) -> Iterator[NDArray[np.uint8] | Exception]:
        """(1 or 2, channel, height, width) of each, with its second picture, in order; Pillow lets several threads work
        at once."""
        given, where = checked_range(self.range), f"dataset.source.path={str(self.path)!r}"
        second = [name for name in self._second.values() if name is not None]
        ranges = [DynamicRange(partial(self._opened, each), given, where) for each in (self.names, second)]

        def convert(name: str) -> NDArray[np.uint8] | Exception:
            from PIL import Image, UnidentifiedImageError

            each, pictures = name, []
            error: Exception
            try:
                for each, range_of in zip(filter(None, (name, self._second[name])), ranges, strict=False):
                    with Image.open(self._root / each) as picture:
                        pictures.append(to_size(picture, channels, size, self.framing, range_of))
                if self.has_others:
                    check_proportions(self._root / name, self._root / each)
                return np.stack(pictures)
            except UnclearRange:
                raise
            except UnidentifiedImageError:
                error = ValueError("no picture")
            except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as raised:
                error = raised
            return error if each == name else ValueError(f"its second picture {shown(each)}: {error}")

        chunk = 256  # so that few converted pictures wait at a time
        with ThreadPoolExecutor() as pool:
            for start in range(0, len(names), chunk):
                yield from pool.map(convert, names[start : start + chunk])

    def _opened(self, names: Iterable[str]) -> Iterator[Pillow.Image]:
        """Pictures, opened one after the other."""
        from PIL import Image

        for name in names:
            try:
                with Image.open(self._root / name) as picture:
                    yield picture
            except (OSError, SyntaxError, ValueError, Image.DecompressionBombError):
                continue  # left out when it is converted


def count_classes(path: str | Path, other_column: str | None = None) -> int | None:
    """How many classes a folder of pictures has; None for fewer than two, or where that is unclear."""
    try:
        return ImageFolder(path, "", other_column=other_column).num_classes
    except (ValueError, OSError):
        return None  # reported where the data's identity is read
