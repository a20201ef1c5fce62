"""The generator of translations with skip connections: details of the input go straight to the output.

Paper: https://arxiv.org/abs/1611.07004 (Isola et al. 2017, section 3.2.1)
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from genlab.networks.sides import at_each_level
from genlab.picture_size import Size
from genlab.ranges import PositiveInt

_MOST = 8
"""Channels grow to so many times the width."""


class UNetGenerator(nn.Module):
    """(batch, channels, height, width) in [-1, 1] -> the same shape: halved `levels` times, and doubled again.

    What comes down to a resolution is laid beside what comes up to it. Instance normalisation, but at the lowest
    resolution, which may be a single pixel; sides are doubled by repeating pixels before a convolution.

    Args:
        channels, size: of the pictures.
        width: channels after the first halving; twice as many after each further one, at most eight times.
        levels: how often both sides are halved.
    """

    division = staticmethod(at_each_level)
    takes_pictures = True
    """And no latent vectors (see models/rules.py)."""

    def __init__(self, channels: PositiveInt, size: Size, width: PositiveInt = 64, levels: PositiveInt = 4) -> None:
        super().__init__()
        at_each_level(levels).check(size)
        widths = [channels, *(width * min(2**level, _MOST) for level in range(levels))]
        self.down, self.up = nn.ModuleList(), nn.ModuleList()
        for level in range(levels):
            before, after, lowest = widths[level], widths[level + 1], level == levels - 1
            norm = [] if level == 0 or lowest else [nn.InstanceNorm2d(after)]
            self.down.append(nn.Sequential(nn.Conv2d(before, after, 4, 2, 1), *norm, nn.LeakyReLU(0.2)))
            back = [nn.Upsample(scale_factor=2), nn.Conv2d(after if lowest else 2 * after, before, 3, padding=1)]
            self.up.append(nn.Sequential(*back, *([nn.InstanceNorm2d(before), nn.ReLU()] if level else [nn.Tanh()])))
        self.to(memory_format=torch.channels_last)

    def forward(self, x: Tensor) -> Tensor:
        maps = []
        for down in self.down:
            x = down(x)
            maps.append(x)
        x = self.up[-1](maps.pop())
        for up in reversed(self.up[:-1]):
            x = up(torch.cat([x, maps.pop()], 1))
        return x
