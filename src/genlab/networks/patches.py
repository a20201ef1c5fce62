"""Pictures as rows of patches: where each patch is, and how they make a picture again."""

from __future__ import annotations

import torch
from torch import Tensor


def positions(rows: int, columns: int, width: int, grid: tuple[int, int] | None = None) -> Tensor:
    """(rows * columns, width): sines and cosines of the row in the first half, of the column in the second.

    Args:
        grid: rows and columns that a network was made for; others are spread over the same range, as in PixArt-alpha
            (https://arxiv.org/abs/2310.00426, section 2.2). None for those of the picture.
    """
    made_rows, made_columns = grid or (rows, columns)
    frequency = 10_000 ** (-torch.arange(width // 4) / (width // 4))
    row = _waves(torch.arange(rows) * (made_rows / rows), frequency)
    column = _waves(torch.arange(columns) * (made_columns / columns), frequency)
    return torch.cat([row.repeat_interleave(columns, 0), column.repeat(rows, 1)], dim=1)


def from_patches(patches: Tensor, grid: tuple[int, int], channels: int, patch: int) -> Tensor:
    """(batch, rows * columns, channels patch**2) -> (batch, channels, height, width)."""
    pieces = patches.unflatten(1, grid).unflatten(-1, (channels, patch, patch))
    return pieces.permute(0, 3, 1, 4, 2, 5).flatten(4, 5).flatten(2, 3)


def _waves(places: Tensor, frequency: Tensor) -> Tensor:
    """(n, width / 2): sines, then cosines."""
    angles = places[:, None] * frequency
    return torch.cat([angles.sin(), angles.cos()], dim=1)
