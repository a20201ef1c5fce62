"""Brings pictures of one native shape to the channels and the size that a run asks for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from genlab.picture_size import height_and_width

Pixels = NDArray[np.uint8]


def resize(
    pixels: Pixels, channels: int, size: int | Sequence[int], enlarge: Literal["pad", "scale"], ground: int = 0
) -> Pixels:
    """(n, channel, height, width) uint8 -> (n, channels, height, width) of `size`.

    A smaller `size` scales down with antialiasing. A larger one either surrounds the picture with its ground ("pad":
    MNIST at 32 is MNIST at 28 with a border of 2) or scales it up ("scale"). Pictures keep their proportions: where
    those of `size` are others, the ground fills the rest. Grey becomes colour by repetition, colour grey by its luma
    (ITU-R BT.601).

    Args:
        ground: value of the pixels around a picture: 0 is black, 255 white.

    Raises:
        ValueError: `channels` is neither 1 nor 3.
    """
    pixels = _channels(pixels, channels)
    height, width = height_and_width(size)
    factor = min(height / pixels.shape[2], width / pixels.shape[3])
    if factor < 1 or enlarge == "scale":
        pixels = _scaled(pixels, *(max(1, round(side * factor)) for side in pixels.shape[2:]))
    above, left = (height - pixels.shape[2]) // 2, (width - pixels.shape[3]) // 2
    borders = ((above, height - pixels.shape[2] - above), (left, width - pixels.shape[3] - left))
    if not any(map(any, borders)):
        return pixels
    return np.pad(pixels, ((0, 0), (0, 0), *borders), constant_values=ground)


def check_channels(channels: int) -> None:
    """Raises ValueError for a number of channels that pictures do not have."""
    if channels not in (1, 3):
        raise ValueError(f"dataset.channels={channels}: pictures have 1 (grey) or 3 (colour)")


def _channels(pixels: Pixels, channels: int) -> Pixels:
    check_channels(channels)
    if pixels.shape[1] == channels:
        return pixels
    if channels == 3:
        return pixels.repeat(3, axis=1)
    luma = np.tensordot(pixels, np.array([0.299, 0.587, 0.114]), axes=(1, 0))[:, None]
    return np.rint(luma).astype(np.uint8)


def _scaled(pixels: Pixels, height: int, width: int) -> Pixels:
    """Bicubic, antialiased: Pillow's filter, channel by channel."""
    from PIL import Image

    if pixels.shape[2:] == (height, width):
        return pixels
    flat = pixels.reshape(-1, *pixels.shape[2:])
    out = np.empty((len(flat), height, width), np.uint8)
    for source, target in zip(flat, out, strict=True):
        target[:] = np.asarray(Image.fromarray(source).resize((width, height), Image.Resampling.BICUBIC))
    return out.reshape(*pixels.shape[:2], height, width)
