"""Which part of a picture is to be filled in, and which is known."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor

from genlab.picture_size import height_and_width

REGIONS = ("left", "right", "top", "bottom", "middle")


def known_outside(region: str, size: int | Sequence[int], of_picture: tuple[int, int] | None = None) -> Tensor:
    """(1, 1, height, width) bool: false where the picture is to be filled in.

    Args:
        region: a half ("left", ...), the "middle" quarter, or a picture file of the same size, white there.
        of_picture: width and height of a file that was cropped and scaled to `size`: a mask of that size is, too.

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
    return ~_white(Path(region), (width, height), of_picture or (width, height))[None, None]


def known_cells(known: Tensor, size: Sequence[int]) -> Tensor:
    """A mask (..., height, width) of pixels as one of cells of a map: a cell is known if all of its pixels are."""
    unknown = torch.nn.functional.adaptive_max_pool2d((~known.bool()).float(), tuple(size))  # (..., *size)
    return unknown == 0


def _white(file: Path, size: tuple[int, int], of_picture: tuple[int, int]) -> Tensor:
    """(height, width) bool; sizes are width and height."""
    from PIL import Image

    from genlab.data.picture import to_size

    try:
        with Image.open(file) as picture:
            of_file = picture.size
            pixels = to_size(picture, 1, size[::-1], "crop")[0] if of_file in (size, of_picture) else None
    except (OSError, SyntaxError, ValueError) as error:  # no file, no picture, a damaged one
        raise ValueError(f"mask = {file} must be {', '.join(REGIONS)}, or a picture file") from error
    if pixels is None:
        of_both = f", the picture's file {of_picture[0]} x {of_picture[1]}: it must have the size of one of them"
        raise ValueError(
            f"mask = {file} is {of_file[0]} x {of_file[1]} pixels, and the model's pictures are {size[0]} x {size[1]}"
            f"{'' if size == of_picture else of_both}"
        )
    white = torch.from_numpy(pixels >= 128)
    if not bool(white.any()):
        raise ValueError(f"mask = {file} is white nowhere, and white is what is filled in")
    return white
