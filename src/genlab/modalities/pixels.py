"""The one conversion between stored pixels (uint8) and what models see (float in [-1, 1])."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor


def to_model(pixels: Tensor) -> Tensor:
    """uint8 [0, 255] -> float32 [-1, 1], same shape."""
    return pixels.float().mul_(2 / 255).sub_(1)


def to_uint8(x: Tensor, what: str = "pictures") -> Tensor:
    """float [-1, 1] (n, ...) -> uint8 [0, 255], same shape: clamped, then rounded to the nearest.

    Raises:
        NotFinite: some are not finite, counted as `what`. As black pictures they would be scored like any others.
    """
    import torch

    from genlab.finite import finite

    return finite(x.detach().float(), what).clamp(-1, 1).add(1).mul(255 / 2).round().to(torch.uint8)
