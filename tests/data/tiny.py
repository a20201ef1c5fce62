"""Files made for tests."""

from __future__ import annotations

import gzip
import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Tiny = Callable[..., dict[str, bytes]]
"""Origins -> the files of a data set in miniature."""


def idx(array: NDArray[np.uint8]) -> bytes:
    """The IDX file of an array."""
    return struct.pack(f">BBBB{array.ndim}I", 0, 0, 8, array.ndim, *array.shape) + array.tobytes()


def put(files: dict[str, bytes], folder: Path, packed: bool = False) -> Path:
    """Write `files` into a folder, with gzip or without."""
    for name, content in files.items():
        path = folder / (f"{name}.gz" if packed else name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(gzip.compress(content) if packed else content)
    return folder
