"""A folder of the user's own sounds."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np

from genlab.data.digest import listing_digest
from genlab.data.digest_memory import remembered_digests
from genlab.data.folder_labels import TABLE, classes_of, labels_by_table, numbered, why_unlabelled
from genlab.data.picture_listing import sounds_under
from genlab.data.prepared import About, Write, notes, prepared
from genlab.data.sound import Cut, Normalize, Piece, convert
from genlab.data.source import Sounds
from genlab.data.walk import Listing, reason, shown
from genlab.notice import Notice

_CONVERSION = 1
"""Raised when converting the same files gives other sounds or notes."""


@dataclass(frozen=True)
class SoundFolder:
    """All sounds under a folder, of any format, rate and length, converted once; files that cannot be read, and silent
    clips, are left out and counted. Classes are those of folders inside, or of a table, as of an ImageFolder.

    Args:
        path: the folder.
        data_dir: where the converted sounds are kept.
        cut: "slices" takes one clip after the other of each file, "start" its beginning alone. Clips of one file never
            fall into different splits.
        normalize: "peak" brings each file to full scale; None leaves it as loud as it is.
    """

    path: str | Path
    data_dir: str | Path
    cut: Cut = "slices"
    normalize: Normalize | None = None

    @property
    def name(self) -> str:
        return self._root.name or "sound_folder"

    @property
    def _root(self) -> Path:
        return Path(self.path).expanduser().resolve()

    @property
    def _home(self) -> Path:
        return Path(self.data_dir).expanduser() / "sound_folder"

    def identity(self) -> str:
        """A digest of the names and contents of the files, which are read again only where size or time changed."""
        parts = [*self._digests.items(), ("cut", self.cut), ("normalize", str(self.normalize))]
        if self._table is not None:
            parts.append((TABLE, listing_digest(self._table.items())))
        return listing_digest(parts)

    @cached_property
    def num_classes(self) -> int | None:
        """How many classes the files have, known without opening one; None for fewer than two."""
        names = self._listing.files
        classes = classes_of(names, labels_by_table(self._root, names)[0])
        return n if classes is not None and (n := len(set(classes))) > 1 else None

    @property
    def why_unlabelled(self) -> str | None:
        """What a person can do about sounds without labels; None where there is nothing to say."""
        return why_unlabelled(list(self._digests))

    @cached_property
    def _listing(self) -> Listing:
        return sounds_under(self.path)

    @cached_property
    def _digests(self) -> dict[str, str]:
        """Sound -> SHA-256, by relative name; those that can be read."""

        def unread(name: str, error: OSError) -> None:
            self._listing.passed_over[name] = reason(error)

        return remembered_digests(self._root, self._listing.files, self._home, unread)

    @cached_property
    def _table(self) -> dict[str, str] | None:
        """Sound -> class, where a table says so of every one."""
        return labels_by_table(self._root, list(self._digests))[0]

    def load(self, rate: int, samples: int) -> Sounds:
        """The sounds.

        Raises:
            ValueError: there is no such folder, or nothing in it that can be read and heard.
        """
        cache = self._home / f"{samples}at{rate}-{self.identity()[:12]}-{_CONVERSION}"
        images = prepared(cache, (1, samples), lambda write: self._prepare(write, rate, samples), np.int16)
        passed = [f"{shown(name)} ({why}) is left out" for name, why in self._listing.passed_over.items()]
        for note in [*passed, *notes(cache)]:
            if note not in self._told:
                self._told.add(note)
                warnings.warn(f"{self._root}: {note}", Notice, stacklevel=2)
        return Sounds(images.pixels, images.labels, images.class_names, 0, images.groups)

    @cached_property
    def _told(self) -> set[str]:
        return set()

    def _prepare(self, write: Write, rate: int, samples: int) -> About:
        names = list(self._digests)
        classes, class_names = classes_of(names, self._table), None
        labels: list[int | None] = [None] * len(names)
        if classes is not None:
            numbers, class_names = numbered(classes, by_size=self._table is not None)
            labels = list(numbers.tolist())
        pieces = [Piece(name, label, group) for group, (name, label) in enumerate(zip(names, labels, strict=True))]
        what = f"converting {self.name}"
        about, heard = convert(self._root, pieces, rate, samples, self.cut, self.normalize, write, what)
        if not heard:
            raise ValueError(
                f"dataset.source.path={str(self.path)!r}: none of its {len(names)} sounds can be read and heard"
                + "".join(f"; {note}" for note in about.notes)
            )
        return replace(about, class_names=class_names)


def count_sound_classes(path: str | Path) -> int | None:
    """How many classes a folder of sounds has; None for fewer than two, or where that is unclear."""
    try:
        return SoundFolder(path, "").num_classes
    except (ValueError, OSError):
        return None  # reported where the data's identity is read
