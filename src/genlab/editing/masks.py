"""Which part of a picture is to be filled in, and which is known."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor

from genlab.picture_size import height_and_width

REGIONS = ("left", "right", "top", "bottom", "middle")


def known_outside(region: str, size: int | Sequence[int]) -> Tensor:
    """(1, 1, height, width) bool: false where the picture is to be filled in.

    Args:
        region: a half ("left", ...), the "middle" quarter, or a picture file of the same size, white there.

    Raises:
        ValueError: it is none of these, or the file is of another size, or white nowhere.
    """
    height, width = height_and_width(size)
    whole, rows, columns = slice(None), slice(height // 4, height - height // 4), slice(width // 4, width - width // 4)
    parts = {
        "left": (whole, slice(0, width // 2)), "right": (whole, slice(width // 2, None)),
        "top": (slice(0, height // 2), whole), "bottom": (slice(height // 2, None), whole), "middle": (rows, columns),
    }  # fmt: skip
    mask = torch.ones(height, width, dtype=torch.bool)
    if region in parts:
        mask[parts[region]] = False
        return mask[None, None]
    return ~_white(Path(region), height, width)[None, None]


def known_cells(known: Tensor, size: Sequence[int]) -> Tensor:
    """A mask (..., height, width) of pixels as one of cells of a map: a cell is known if all of its pixels are."""
    unknown = torch.nn.functional.adaptive_max_pool2d((~known.bool()).float(), tuple(size))  # (..., *size)
    return unknown == 0


def _white(file: Path, height: int, width: int) -> Tensor:
    import numpy as np
    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(file) as picture:
            pixels = np.array(picture.convert("L"))
    except (FileNotFoundError, IsADirectoryError, UnidentifiedImageError) as error:
        raise ValueError(f"mask = {file} must be {', '.join(REGIONS)}, or a picture file") from error
    if pixels.shape != (height, width):
        of_file = f"{pixels.shape[1]} x {pixels.shape[0]}"
        raise ValueError(f"mask = {file} is {of_file} pixels, and the model's pictures are {width} x {height}")
    white = torch.from_numpy(pixels >= 128)
    if not bool(white.any()):
        raise ValueError(f"mask = {file} is white nowhere, and white is what is filled in")
    return white
