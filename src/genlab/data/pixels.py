"""The one conversion between stored pixels (uint8) and what models see (float in [-1, 1])."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from genlab.finite import finite


def to_model(pixels: Tensor) -> Tensor:
    """uint8 [0, 255] -> float32 [-1, 1], same shape; the same bits on every device.

    In main memory numpy does it, on one thread: for a batch, torch's threads cost more than they save.
    """
    if not pixels.is_cpu:
        return pixels.to(torch.float32).mul_(2 / 255).sub_(1)
    x = pixels.numpy().astype(np.float32)
    x *= np.float32(2 / 255)
    x -= np.float32(1)
    return torch.from_numpy(x)


def to_uint8(x: Tensor, what: str = "pictures") -> Tensor:
    """float [-1, 1] (n, ...) -> uint8 [0, 255], same shape: clamped, then rounded to the nearest.

    Raises:
        NotFinite: some are not finite, counted as `what`. As black pictures they would be scored like any others.
    """
    return finite(x.detach().float(), what).clamp(-1, 1).add(1).mul(255 / 2).round().to(torch.uint8)
