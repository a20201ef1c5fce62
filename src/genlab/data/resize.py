"""Brings pictures of one native shape to the channels and the size that a run asks for."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]


def resize(pixels: Pixels, channels: int, size: int, enlarge: Literal["pad", "scale"]) -> Pixels:
    """(n, channel, height, width) uint8 -> (n, channels, size, size).

    A smaller `size` scales down with antialiasing. A larger one either surrounds the picture with black ("pad":
    MNIST at 32 is MNIST at 28 with a border of 2) or scales it up ("scale"). Grey becomes colour by repetition, colour
    grey by its luma (ITU-R BT.601).

    Raises:
        ValueError: `channels` is neither 1 nor 3.
    """
    pixels = _channels(pixels, channels)
    height, width = pixels.shape[2:]
    if (height, width) == (size, size):
        return pixels
    if size >= max(height, width) and enlarge == "pad":
        above, left = (size - height) // 2, (size - width) // 2
        borders = ((above, size - height - above), (left, size - width - left))
        return np.pad(pixels, ((0, 0), (0, 0), *borders))
    return _scaled(pixels, size)


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


def _scaled(pixels: Pixels, size: int) -> Pixels:
    """Bicubic, antialiased: Pillow's filter, channel by channel."""
    from PIL import Image

    flat = pixels.reshape(-1, *pixels.shape[2:])
    out = np.empty((len(flat), size, size), np.uint8)
    for source, target in zip(flat, out, strict=True):
        target[:] = np.asarray(Image.fromarray(source).resize((size, size), Image.Resampling.BICUBIC))
    return out.reshape(*pixels.shape[:2], size, size)
