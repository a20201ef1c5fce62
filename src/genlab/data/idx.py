"""Pictures in the IDX format of MNIST: MNIST itself and Fashion-MNIST."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from genlab.data.catalog import cache_folder, entry_named
from genlab.data.fetch import files_of
from genlab.data.prepared import About, Write, prepared
from genlab.data.resize import resize
from genlab.data.source import Images
from genlab.picture_size import Size, height_and_width

_CLASS_NAMES: dict[str, Sequence[str]] = {
    "mnist": [str(digit) for digit in range(10)],
    "fashion_mnist": [
        "T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot",
    ],
}  # fmt: skip
_UINT8 = 0x08


@dataclass(frozen=True)
class IdxImages:
    """60,000 grey pictures of 28x28 to train on and 10,000 to test, in ten classes.

    A larger `size` surrounds them with black, a smaller one scales them down.

    Args:
        name: which data set.
        data_dir: where it is fetched to.
        folder: a folder of the user's own with the four files, packed with gzip or not; tried first.
    """

    name: Literal["mnist", "fashion_mnist"]
    data_dir: str | Path
    folder: str | Path | None = None

    def identity(self) -> str:
        return entry_named(self.name).identity

    def load(self, channels: int, size: Size) -> Images:
        cache = cache_folder(Path(self.data_dir).expanduser() / self.name, self.identity(), channels, size)
        return prepared(cache, (channels, *height_and_width(size)), lambda write: self._prepare(write, channels, size))

    def _prepare(self, write: Write, channels: int, size: Size) -> About:
        files = files_of(
            self.name, Path(self.data_dir).expanduser(), None if self.folder is None else Path(self.folder)
        )
        labels = []
        for part in ("train", "t10k"):
            write(resize(read_idx(files / f"{part}-images-idx3-ubyte")[:, None], channels, size, enlarge="pad"))
            labels.append(read_idx(files / f"{part}-labels-idx1-ubyte").astype(np.int64))
        return About(np.concatenate(labels), _CLASS_NAMES[self.name], n_test=len(labels[1]))


def read_idx(path: Path) -> NDArray[np.uint8]:
    """An IDX file of unsigned bytes: two zero bytes, the type, the number of axes, their lengths (big-endian), data.

    Raises:
        ValueError: it is not such a file.
    """
    content = path.read_bytes()
    if len(content) < 4 or content[:3] != bytes([0, 0, _UINT8]):
        raise ValueError(f"{path} is no IDX file of unsigned bytes")
    axes = content[3]
    start = 4 + 4 * axes
    shape = struct.unpack(f">{axes}I", content[4:start])
    if len(content) - start != int(np.prod(shape)):
        raise ValueError(f"{path} holds {len(content) - start} bytes where its header announces {shape}")
    return np.frombuffer(content, np.uint8, offset=start).reshape(shape)
