"""Which part of a picture is to be filled in, and which is known."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from genlab.picture_size import height_and_width

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from torch import Tensor

REGIONS = ("left", "right", "top", "bottom", "middle")


def known_outside(region: str, size: int | Sequence[int]) -> Tensor:
    """(1, 1, height, width) bool: false where the picture is to be filled in; see `made_anew`."""
    import torch

    return ~torch.from_numpy(made_anew(region, size))[None, None]


def made_anew(
    region: str, size: int | Sequence[int], of_picture: tuple[int, int] | None = None
) -> NDArray[np.bool_]:  # fmt: skip
    """(height, width): true where the picture is to be filled in. Needs no torch.

    Args:
        region: a half ("left", ...), the "middle" quarter, or a picture file of the same size, white there.
        of_picture: width and height of a file that was cropped and scaled to `size`: a mask of that size is, too.

    Raises:
        ValueError: it is none of these, or the file is of another size, or white nowhere.
    """
    import numpy as np

    height, width = height_and_width(size)
    whole, rows, columns = slice(None), slice(height // 4, height - height // 4), slice(width // 4, width - width // 4)
    parts = {
        "left": (whole, slice(0, width // 2)), "right": (whole, slice(width // 2, None)),
        "top": (slice(0, height // 2), whole), "bottom": (slice(height // 2, None), whole), "middle": (rows, columns),
    }  # fmt: skip
    if region not in parts:
        return _white(Path(region), (width, height), of_picture or (width, height))
    anew = np.zeros((height, width), np.bool_)
    anew[parts[region]] = True
    return anew


def known_cells(known: Tensor, size: Sequence[int]) -> Tensor:
    """A mask (..., height, width) of pixels as one of cells of a map: a cell is known if all of its pixels are."""
    from torch.nn.functional import adaptive_max_pool2d

    unknown = adaptive_max_pool2d((~known.bool()).float(), tuple(size))  # (..., *size)
    return unknown == 0


def _white(file: Path, size: tuple[int, int], of_picture: tuple[int, int]) -> NDArray[np.bool_]:
    """(height, width); sizes are width and height."""
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
    white: NDArray[np.bool_] = pixels >= 128
    if not white.any():
        raise ValueError(f"mask = {file} is white nowhere, and white is what is filled in")
    return white
