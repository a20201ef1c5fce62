"""Which of several sizes a picture is brought to: the one that cuts the least away."""

from __future__ import annotations

import math
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

_ON_ITS_SIDE = (5, 6, 7, 8)
"""Values of EXIF's orientation of pictures whose height is stored as their width."""
_ORIENTATION = 0x0112


def nearest_bucket(height: int, width: int, sizes: Sequence[tuple[int, int]]) -> int:
    """The place in `sizes`, heights and widths, of the one with the nearest proportions; the first of several."""
    proportions = math.log(height / width)
    return min(range(len(sizes)), key=lambda i: abs(math.log(sizes[i][0] / sizes[i][1]) - proportions))


def buckets_of(root: Path, names: Sequence[str], sizes: Sequence[tuple[int, int]]) -> list[int]:
    """The bucket of each picture in a folder; 0 for a file that is none, which is reported where it is converted."""

    def bucket(name: str) -> int:
        try:
            return nearest_bucket(*upright_size(root / name), sizes)
        except Exception:  # whatever is wrong with it, it is said when it is converted
            return 0

    with ThreadPoolExecutor() as pool:
        return list(pool.map(bucket, names))


def upright_size(path: Path) -> tuple[int, int]:
    """Height and width of a picture, turned as its EXIF data says; only the beginning of the file is read."""
    from PIL import Image

    with Image.open(path) as picture:
        width, height = picture.size
        return (width, height) if picture.getexif().get(_ORIENTATION) in _ON_ITS_SIDE else (height, width)
