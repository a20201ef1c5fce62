"""The one conversion between stored pixels (uint8) and what models see (float in [-1, 1])."""

from __future__ import annotations

import torch
from torch import Tensor


def to_model(pixels: Tensor) -> Tensor:
    """uint8 [0, 255] -> float32 [-1, 1], same shape."""
    return pixels.to(torch.float32).mul_(2 / 255).sub_(1)


def to_uint8(x: Tensor) -> Tensor:
    """float [-1, 1] -> uint8 [0, 255], same shape: clamped, then rounded to the nearest. Not-a-number becomes 0."""
    return x.detach().float().nan_to_num(-1.0).clamp(-1, 1).add(1).mul(255 / 2).round().to(torch.uint8)
