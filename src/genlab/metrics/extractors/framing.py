"""How pictures are brought to what a vision transformer was trained on."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional as F


def normalised(images: Tensor, size: int, mean: Sequence[float], std: Sequence[float]) -> Tensor:
    """(b, 3, h, w) uint8 -> (b, 3, size, size): resized bicubically with antialiasing, clamped to [0, 1], normalised.

    Pictures of that size already are not resampled.
    """
    x = images.float() / 255
    if x.shape[-2:] != (size, size):
        x = F.interpolate(x, (size, size), mode="bicubic", align_corners=False, antialias=True).clamp(0, 1)
    offset, scale = (torch.tensor(part, device=x.device).view(1, 3, 1, 1) for part in (mean, std))
    return (x - offset) / scale
