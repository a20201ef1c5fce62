"""The size of pictures: one number of pixels for squares, or height and width."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

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


def read_size(text: str | int | Sequence[int]) -> tuple[int, int]:
    """Height and width of "64x32" (HEIGHTxWIDTH), or of what a config has: 64, [64, 32].

    Raises:
        ValueError: it is none of these.
    """
    numbers: Sequence[int | str]
    if isinstance(text, str):
        found = re.fullmatch(r"(\d{1,6})(?:\s*[xX×]\s*(\d{1,6}))?", text.strip())
        numbers = [n for n in found.groups() if n is not None] if found else []
    else:
        numbers = [text] if isinstance(text, int) else list(text)
    sides = [int(n) for n in numbers]
    if len(sides) not in (1, 2) or min(sides) < 1:
        raise ValueError(f"size = {text} must be HEIGHTxWIDTH in pixels, as in size=64x32, or one number for a square")
    return sides[0], sides[-1]


def size_to_draw(model: Any, data: Any) -> dict[str, Any]:
    """What `model.sample` is told so that its pictures have the size of those of `data`: nothing where they have it, or
    where the model does not say what it draws (`picture_size`)."""
    own: tuple[int, int] | None = getattr(model, "picture_size", None)
    return {} if own is None or own == tuple(data.shape[-2:]) else {"size": tuple(data.shape[-2:])}
