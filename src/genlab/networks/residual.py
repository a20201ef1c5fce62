"""Convolutional encoder and decoder with residual blocks, image <-> feature map.

The networks of van den Oord et al. 2017, "Neural discrete representation learning", section 4.1.

Paper: https://arxiv.org/abs/1711.00937
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from genlab.networks.sides import at_each_level
from genlab.picture_size import Size, height_and_width
from genlab.ranges import PositiveInt


class ResidualBlock(nn.Module):
    """x + convolution 1x1 of convolution 3x3 of x, each after a ReLU."""

    def __init__(self, width: int, inner: int) -> None:
        super().__init__()
        self.conv_in = nn.Conv2d(width, inner, 3, padding=1)
        self.conv_out = nn.Conv2d(inner, width, 1)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.conv_out(F.relu(self.conv_in(F.relu(x))))


class ResidualAutoencoder(nn.Module):
    """Strided convolutions and residual blocks to a map of `embedding_size` channels, and back.

    `encoder`: (batch, channels, height, width) -> (batch, embedding_size, height / 2**levels, width / 2**levels);
    `decoder` is its mirror image and unbounded.

    Args:
        channels, size: of the images.
        embedding_size: channels of the map in the middle.
        width: channels within.
        levels: how often both sides are halved.
        blocks: residual blocks in each half.
        inner: channels within a residual block.
    """

    division = staticmethod(at_each_level)

    def __init__(
        self,
        channels: PositiveInt,
        size: Size,
        embedding_size: PositiveInt,
        width: PositiveInt = 64,
        levels: PositiveInt = 2,
        blocks: PositiveInt = 2,
        inner: PositiveInt = 32,
    ) -> None:
        super().__init__()
        self.shape = (channels, *height_and_width(size))
        self.map_shape = (embedding_size, *self.division(levels).smallest(size))
        down: list[nn.Module] = []
        for level in range(levels):
            down += [nn.Conv2d(width if level else channels, width, 4, stride=2, padding=1), nn.ReLU()]
        self.encoder = nn.Sequential(
            *down,
            nn.Conv2d(width, width, 3, padding=1),
            *(ResidualBlock(width, inner) for _ in range(blocks)),
            nn.ReLU(),
            nn.Conv2d(width, embedding_size, 1),
        )
        up: list[nn.Module] = []
        for level in reversed(range(levels)):
            up += [nn.ConvTranspose2d(width, width if level else channels, 4, stride=2, padding=1), nn.ReLU()]
        self.decoder = nn.Sequential(
            nn.Conv2d(embedding_size, width, 3, padding=1),
            *(ResidualBlock(width, inner) for _ in range(blocks)),
            nn.ReLU(),
            *up[:-1],
        )
        self.to(memory_format=torch.channels_last)  # a CPU trains 1.2 times faster
