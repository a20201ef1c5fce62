"""Pixels as integers: what a model of discrete values sees of an image."""

from __future__ import annotations

import torch
from torch import Tensor

from genlab.picture_size import Size, height_and_width
from genlab.ranges import PositiveInt


class Levels:
    """[-1, 1] -> 0, ..., levels - 1 by rounding, and back to the middle of each level.

    256 levels keep 8-bit pixels as they are; 2 make them black or white (at middle grey).

    Args:
        channels, size: of the images.
        levels: how many values a pixel has, 2 or more.
    """

    dtype = torch.int64
    of_pixels = True

    def __init__(self, channels: PositiveInt, size: Size, levels: PositiveInt = 256) -> None:
        if levels < 2:
            raise ValueError(f"codec.levels={levels}: a pixel needs 2 levels or more")
        self.shape = (channels, *height_and_width(size))
        self.num_values = levels

    def encode(self, x: Tensor) -> Tensor:
        """(batch, channel, height, width) in [-1, 1] -> int64, same shape."""
        return ((x.clamp(-1, 1) + 1) * ((self.num_values - 1) / 2)).round().long()

    def decode(self, z: Tensor) -> Tensor:
        """int64 -> float in [-1, 1], same shape."""
        return z * (2 / (self.num_values - 1)) - 1
