"""Which pictures of a source are used, in which shape and divided how: all that decides the data. Torch-free."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from genlab.data.binary import Binarize, binarized
from genlab.data.classes import selected
from genlab.data.source import Images, Source
from genlab.data.splits import Splits, split
from genlab.picture_size import shortest

VERSION = 1
"""Raised when preparing the same files gives other pixels or splits."""


@dataclass(frozen=True)
class Preparation:
    """The arguments are those of `ImageDataModule`, which takes its defaults from here."""

    source: Source
    channels: int
    size: int | Sequence[int]
    train_size: int | None = None
    val_size: float = 0.1
    test_size: float | None = None
    classes: Sequence[int] | int | None = None
    binarize: Binarize | None = None

    @property
    def checksum(self) -> str:
        """SHA-256 of what decides the pictures of every split: the data's own digest, and the preparation.

        Nothing is fetched. Files of the user's own (a folder of pictures) are read.

        Raises:
            ValueError, OSError: there is no such folder, or nothing in it that can be read.
        """
        parts: list[Any] = [VERSION, self.source.identity(), self.channels, shortest(self.size)]
        parts += [self.train_size, float(self.val_size), self.test_size and float(self.test_size)]
        if self.classes is not None or self.binarize is not None:
            parts += [selected(self.classes), self.binarize]
        return hashlib.sha256(json.dumps(parts).encode()).hexdigest()

    def images(self) -> Images:
        """All pictures of the source, in this shape."""
        images = self.source.load(self.channels, shortest(self.size))
        if self.binarize is None:
            return images
        return replace(images, pixels=binarized(images.pixels, self.binarize))

    def splits(self, images: Images) -> Splits:
        """Which of `images` each split has."""
        return split(images, self.train_size, self.val_size, self.test_size, selected(self.classes))
