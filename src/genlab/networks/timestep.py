"""What networks make of the noise level.

Papers: https://arxiv.org/abs/1706.03762, https://arxiv.org/abs/2006.11239
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from genlab.ranges import PositiveInt


class TimestepEmbedding(nn.Module):
    """(batch,) numbers about 0 to 1000 -> (batch, width): sines and cosines, then two layers.

    Frequencies fall geometrically from 1 to 1 / 10,000 (Vaswani et al. 2017, section 3.5; Ho et al. 2020).

    Args:
        width: of the output; even.
    """

    frequencies: Tensor

    def __init__(self, width: PositiveInt) -> None:
        super().__init__()
        if width % 2:
            raise ValueError(f"network.width={width} must be even: half of the time embedding are sines, half cosines")
        half = torch.arange(width // 2) / (width // 2)
        self.register_buffer("frequencies", (-math.log(10_000) * half).exp(), persistent=False)
        self.layers = nn.Sequential(nn.Linear(width, width), nn.SiLU(), nn.Linear(width, width))

    def forward(self, level: Tensor) -> Tensor:
        angles = level[:, None] * self.frequencies  # (batch, width / 2)
        return self.layers(torch.cat([angles.sin(), angles.cos()], dim=1))
