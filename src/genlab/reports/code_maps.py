"""Pictures as maps of integers or floats: original, map, reconstruction; or drawn code map and its picture."""

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
    coloured = palette(num_values)[codes].transpose(1, 0, 4, 2, 3)  # (levels, n, 3, rows, columns)
    levels = [f"codes {i + 1}" for i in range(len(coloured))] if len(coloured) > 1 else ["codes"]
    return _grid(originals, coloured, decoded, levels)


_WIDEST = 3.0
"""Standard deviations from a channel's mean that are black and white."""


def latent_map_grid(originals: np.ndarray, latents: np.ndarray, decoded: np.ndarray) -> Pixels:
    """A column for each image: the original, a grey map for each channel of its latents, what these are decoded to.

    The mean of a channel over the images is mid-grey; three standard deviations below are black, above white.

    Args:
        originals, decoded: uint8 (n, channel, height, width).
        latents: (n, channels, rows, columns) floats; rows and columns divide the image's.
    """
    mean, std = latents.mean((0, 2, 3), keepdims=True), latents.std((0, 2, 3), keepdims=True)
    share = (latents - mean) / (2 * _WIDEST * np.maximum(std, np.finfo(np.float32).tiny)) + 0.5
    grey = (255 * share.clip(0, 1)).round().astype(np.uint8).transpose(1, 0, 2, 3)[:, :, None]
    names = [f"channel {i + 1}" for i in range(len(grey))]
    return _grid(originals, grey.repeat(3, axis=2), decoded, names)


def _grid(originals: np.ndarray | None, maps: np.ndarray, decoded: np.ndarray, names: list[str]) -> Pixels:
    """Rows of images; `maps` uint8 (of each name, n, 3, rows, columns), enlarged to the images."""
    n, _, height, width = decoded.shape
    rows, columns = maps.shape[3:]
    if height % rows or width % columns:
        raise ValueError(f"a code map of {rows}x{columns} does not divide pictures of {height}x{width}")
    large = maps.repeat(height // rows, axis=3).repeat(width // columns, axis=4)
    tiles = [*([] if originals is None else [_rgb(originals)]), *large, _rgb(decoded)]
    return grid(np.concatenate(tiles), columns=n, row_labels=[*["data"][: originals is not None], *names, "model"])


def _rgb(images: np.ndarray) -> np.ndarray:
    return np.broadcast_to(images, (len(images), 3, *images.shape[2:]))
