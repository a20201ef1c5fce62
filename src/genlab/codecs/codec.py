"""The protocol of codecs."""

from __future__ import annotations

from typing import Protocol

import torch
from torch import Tensor


class Codec(Protocol):
    """Maps data to what a model sees, and back."""

    dtype: torch.dtype
    """Of what the model sees: int64 where it is integers."""
    of_pixels: bool
    """Whether each number is one of the data's, so that it has their range and their place."""

    @property
    def shape(self) -> tuple[int, ...] | None:
        """Of one datum as the model sees it; None: that of the data, whatever it is."""
        ...

    def encode(self, x: Tensor) -> Tensor: ...

    def decode(self, z: Tensor) -> Tensor: ...
