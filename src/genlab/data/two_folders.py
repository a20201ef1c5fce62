"""Two folders of the user's own pictures: two domains, nothing paired."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeVar

import numpy as np

from genlab.data.folder import ImageFolder
from genlab.data.source import Images
from genlab.picture_size import Size

T = TypeVar("T")


@dataclass(frozen=True)
class TwoFolders:
    """All pictures under two folders, the labels 0 and 1; their names, numbers and sizes need not agree.

    Args:
        a, b: the folders, see `ImageFolder`.
        data_dir: where the converted pictures are kept.
        framing: "crop" takes the central part of the proportions asked for, "pad" all of it between white borders.
    """

    a: str | Path
    b: str | Path
    data_dir: str | Path
    framing: Literal["crop", "pad"] = "crop"

    @property
    def name(self) -> str:
        return "-".join(folder.name for folder in self._folders.values())

    @property
    def _folders(self) -> dict[str, ImageFolder]:
        return {key: ImageFolder(getattr(self, key), self.data_dir, self.framing) for key in ("a", "b")}

    def identity(self) -> str:
        """A digest of both folders' pictures.

        Raises:
            ValueError: one of them is no folder, or has no picture.
        """
        digests = self._of_each(ImageFolder.identity)
        return hashlib.sha256(" ".join(digests).encode()).hexdigest()

    def load(self, channels: int, size: Size) -> Images:
        """The pictures of both, those of `a` first."""
        a, b = self._of_each(lambda folder: folder.load(channels, size).pixels)
        labels = np.repeat(np.arange(2), [len(a), len(b)])
        return Images(np.concatenate([a, b]), labels, [folder.name for folder in self._folders.values()])

    def _of_each(self, work: Callable[[ImageFolder], T]) -> tuple[T, T]:
        done = []
        for key, folder in self._folders.items():
            try:
                done.append(work(folder))
            except ValueError as error:
                raise ValueError(str(error).replace("dataset.source.path", f"dataset.source.{key}")) from error
        return done[0], done[1]
