"""Integers that are names, as of words or codes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from genlab.modalities.modality import Modality

if TYPE_CHECKING:
    from torch import Tensor


class Tokens(Modality):
    """Sequences of integers without order: stored and seen by a model as int64 (n, length) in [0, size).

    Args:
        size: how many values a token has.
    """

    name = "tokens"
    stored_as = "(n, length) int64 tokens"
    suffixes = (".npy",)

    def __init__(self, size: int) -> None:
        if size < 1:
            raise ValueError(f"Tokens(size={size}): there is 1 value or more")
        self.size = size

    @classmethod
    def holds(cls, stored: Tensor) -> bool:
        import torch

        return stored.dtype == torch.int64 and stored.ndim == 2

    def to_model(self, stored: Tensor) -> Tensor:
        return stored

    def to_stored(self, x: Tensor, what: str = "samples") -> Tensor:
        import torch

        if x.is_floating_point():
            raise TypeError(f"{what} of tokens are integers, and the model gives {x.dtype}")
        return x.detach().to(torch.int64)

    def tiles(self, stored: Tensor) -> Tensor:
        """A row of cells for each sequence, a colour for each value."""
        import torch

        colours = torch.from_numpy(palette(self.size))[stored.cpu()]  # (n, length, 3)
        return colours.permute(0, 2, 1)[:, :, None].repeat_interleave(8, 2).repeat_interleave(8, 3)


def palette(n: int) -> np.ndarray:
    """(n, 3) uint8 colours: hues a golden section apart, in three lightnesses."""
    from colorsys import hls_to_rgb

    golden = 0.6180339887498949
    colours = [hls_to_rgb(i * golden % 1.0, (0.35, 0.55, 0.75)[i % 3], 0.65) for i in range(n)]
    return (np.array(colours) * 255).round().astype(np.uint8)
