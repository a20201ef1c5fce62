"""The residual generator of translations, from pictures to pictures of the same size.

Papers: https://arxiv.org/abs/1703.10593 (Zhu et al. 2017, appendix 7.2), https://arxiv.org/abs/1603.08155
(Johnson et al. 2016)
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from genlab.networks.sides import at_each_level
from genlab.picture_size import Size
from genlab.ranges import NonNegativeInt, PositiveInt


class ResNetGenerator(nn.Module):
    """(batch, channels, height, width) in [-1, 1] -> the same shape: halved, residual blocks, doubled.

    Each convolution but the last is followed by instance normalisation, so that no picture changes another one of the
    batch. Sides are doubled by repeating pixels before a convolution, where the paper has transposed convolutions,
    which leave a checkerboard. Borders are mirrored.

    Args:
        channels, size: of the pictures.
        width: channels at full resolution; twice as many after each halving.
        levels: how often both sides are halved.
        blocks: residual blocks at the lowest resolution; the paper has 6 for 128 pixels, 9 for 256.
    """

    division = staticmethod(at_each_level)
    takes_pictures = True
    """And no latent vectors (see models/rules.py)."""

    def __init__(
        self, channels: PositiveInt, size: Size, width: PositiveInt = 64, levels: NonNegativeInt = 2,
        blocks: PositiveInt = 6,
    ) -> None:  # fmt: skip
        super().__init__()
        if (side := min(at_each_level(levels).smallest(size))) < 2:
            raise ValueError(f"generator.levels={levels} leaves {side} pixel of a side of {size}: take fewer levels")
        layers: list[nn.Module] = [*_convolution(channels, width, 7)]
        for level in range(levels):
            layers += _convolution(width * 2**level, width * 2 ** (level + 1), 3, stride=2)
        layers += [ResidualBlock(width * 2**levels) for _ in range(blocks)]
        for level in reversed(range(levels)):
            layers += [nn.Upsample(scale_factor=2), *_convolution(width * 2 ** (level + 1), width * 2**level, 3)]
        last = nn.Conv2d(width, channels, 7, padding=3, padding_mode="reflect")
        self.layers = nn.Sequential(*layers, last, nn.Tanh())
        self.to(memory_format=torch.channels_last)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.layers(x)
        return out


class ResidualBlock(nn.Module):
    """x + two convolutions of 3x3 with instance normalisation and a ReLU between them."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(*_convolution(width, width, 3), *_convolution(width, width, 3)[:-1])

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = x + self.layers(x)
        return out


def _convolution(before: int, after: int, kernel: int, stride: int = 1) -> list[nn.Module]:
    convolution = nn.Conv2d(before, after, kernel, stride, padding=kernel // 2, padding_mode="reflect")
    return [convolution, nn.InstanceNorm2d(after), nn.ReLU()]
