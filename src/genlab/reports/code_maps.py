"""Pictures as maps of integers: original, code map, reconstruction; or drawn code map and its picture."""

from __future__ import annotations

import numpy as np

from genlab.modalities.grids import Pixels, grid
from genlab.modalities.tokens import palette


def code_map_grid(originals: np.ndarray | None, codes: np.ndarray, decoded: np.ndarray, num_values: int) -> Pixels:
    """A column for each image: the original, a map for each level of its codes, what the codes are decoded to.

    Codes have no order: each has a colour of its own, far from that of its neighbours in number.

    Args:
        originals: uint8 (n, channel, height, width); None where the codes come from no picture.
        decoded: uint8 (n, channel, height, width).
        codes: (n, levels, rows, columns) integers; rows and columns divide the image's.
        num_values: how many values a code has.
    """
    n, _, height, width = decoded.shape
    rows, columns = codes.shape[2:]
    if height % rows or width % columns:
        raise ValueError(f"a code map of {rows}x{columns} does not divide pictures of {height}x{width}")
    coloured = palette(num_values)[codes]  # (n, levels, rows, columns, 3)
    maps = coloured.repeat(height // rows, axis=2).repeat(width // columns, axis=3).transpose(1, 0, 4, 2, 3)
    tiles = [*([] if originals is None else [_rgb(originals)]), *maps, _rgb(decoded)]
    levels = [f"codes {i + 1}" for i in range(len(maps))] if len(maps) > 1 else ["codes"]
    return grid(np.concatenate(tiles), columns=n, row_labels=[*["data"][: originals is not None], *levels, "model"])


def _rgb(images: np.ndarray) -> np.ndarray:
    return np.broadcast_to(images, (len(images), 3, *images.shape[2:]))
