"""Which part of a picture is to be filled in, and which is known."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor

REGIONS = ("left", "right", "top", "bottom", "middle")


def known_outside(region: str, size: int) -> Tensor:
    """(1, 1, size, size) bool: false where the picture is to be filled in.

    Args:
        region: a half ("left", ...), the "middle" quarter, or a picture file of the same size, white there.

    Raises:
        ValueError: it is none of these, or the file is of another size.
    """
    half, quarter = size // 2, size // 4
    parts = {
        "left": (slice(None), slice(0, half)), "right": (slice(None), slice(half, None)),
        "top": (slice(0, half), slice(None)), "bottom": (slice(half, None), slice(None)),
        "middle": (slice(quarter, size - quarter), slice(quarter, size - quarter)),
    }  # fmt: skip
    known = torch.ones(size, size, dtype=torch.bool)
    if region in parts:
        known[parts[region]] = False
        return known[None, None]
    return ~_white(Path(region), size)[None, None]


def _white(file: Path, size: int) -> Tensor:
    import numpy as np
    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(file) as picture:
            pixels = np.array(picture.convert("L"))
    except (FileNotFoundError, IsADirectoryError, UnidentifiedImageError) as error:
        raise ValueError(f"mask = {file} must be {', '.join(REGIONS)}, or a picture file") from error
    if pixels.shape != (size, size):
        height, width = pixels.shape
        raise ValueError(f"mask = {file} is {width} x {height} pixels, and the model's pictures are {size} x {size}")
    return torch.from_numpy(pixels >= 128)
