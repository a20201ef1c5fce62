"""The model sees pixels in another range than [-1, 1]."""

from __future__ import annotations

import torch
from torch import Tensor

from genlab.ranges import AnyFloat


class Rescale:
    """Maps [-1, 1] to [low, high], linearly, and back."""

    shape = None
    dtype = torch.float32
    of_pixels = True

    def __init__(self, low: AnyFloat = 0.0, high: AnyFloat = 1.0) -> None:
        if not low < high:
            raise ValueError(f"codec.low={low:g} and codec.high={high:g}: low must be less than high")
        self.low, self.high = low, high

    def encode(self, x: Tensor) -> Tensor:
        return self.low + (x + 1) * ((self.high - self.low) / 2)

    def decode(self, z: Tensor) -> Tensor:
        return (z - self.low) * (2 / (self.high - self.low)) - 1
