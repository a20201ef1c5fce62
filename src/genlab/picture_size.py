"""The size of pictures: one number of pixels for squares, or height and width."""

from __future__ import annotations

from collections.abc import Sequence

from genlab.ranges import PositiveInt

Size = PositiveInt | tuple[PositiveInt, PositiveInt]
"""32 stands for 32 x 32, (32, 48) for a height of 32 and a width of 48."""


def height_and_width(size: int | Sequence[int]) -> tuple[int, int]:
    """Both sides."""
    height, width = (size, size) if isinstance(size, int) else size
    return height, width


def shortest(size: int | Sequence[int]) -> int | tuple[int, int]:
    """One number for a square, however it is written."""
    height, width = height_and_width(size)
    return height if height == width else (height, width)


def worded(size: int | Sequence[int]) -> str:
    """As a config has it: 32, or [32, 48]."""
    height, width = height_and_width(size)
    return str(height) if height == width else f"[{height}, {width}]"
