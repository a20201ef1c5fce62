"""A small network between pictures and latent maps, all of it at the resolution of the map.

Papers: https://arxiv.org/abs/2112.10752 (the KL autoencoder), https://arxiv.org/abs/1609.05158 (pixels as channels),
https://arxiv.org/abs/1707.02921 (residual blocks without normalisation, for exact colours)
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import cast

import torch
from torch import Tensor, nn

from genlab.networks.residual import ResidualBlock
from genlab.networks.sides import into_cells
from genlab.picture_size import Size, height_and_width
from genlab.ranges import PositiveInt


class LatentMapNetwork(nn.Module):
    """Pictures cut into cells of factor x factor pixels, which become the channels of a small picture, and back.

    Pictures of another size than `size` are taken, too.

    Args:
        channels, size: of the pictures.
        latent_channels: of the map.
        factor: pixels of a cell along each side.
        width: channels within.
        blocks: residual blocks in each half.
        inner: channels within a residual block.

    Raises:
        ValueError: `factor` does not divide the size.
    """

    division = staticmethod(into_cells)

    def __init__(
        self,
        channels: PositiveInt,
        size: Size,
        latent_channels: PositiveInt = 4,
        factor: PositiveInt = 2,
        width: PositiveInt = 48,
        blocks: PositiveInt = 3,
        inner: PositiveInt = 32,
    ) -> None:
        super().__init__()
        self.shape = (channels, *height_and_width(size))
        self.latent_shape = (latent_channels, *self.division(factor).smallest(size))
        pixels = channels * factor**2
        self.encoder = nn.Sequential(
            nn.PixelUnshuffle(factor),
            nn.Conv2d(pixels, width, 3, padding=1),
            *_blocks(width, inner, blocks),
            nn.ReLU(),
            nn.Conv2d(width, 2 * latent_channels, 1),
        )
        self.decoder = nn.Sequential(
            nn.Conv2d(latent_channels, width, 3, padding=1),
            *_blocks(width, inner, blocks),
            nn.ReLU(),
            nn.Conv2d(width, pixels, 1),
            nn.PixelShuffle(factor),
        )
        self.to(memory_format=torch.channels_last)

    @property
    def last(self) -> Tensor:
        """The weights of the decoder's last convolution."""
        return cast("nn.Conv2d", self.decoder[-2]).weight

    def encode(self, x: Tensor) -> Tensor:
        """(batch, channels, height, width) -> (batch, 2 * latent_channels, height / factor, width / factor).

        The first half has the mean of each number of the map, the second its log variance.
        """
        return self.encoder(x)

    def decode(self, z: Tensor) -> Tensor:
        """(batch, latent_channels, height / factor, width / factor) -> (batch, channels, height, width), unbounded."""
        return self.decoder(z)


def _blocks(width: int, inner: int, n: int) -> Iterator[ResidualBlock]:
    """Each begins as the identity."""
    for _ in range(n):
        block = ResidualBlock(width, inner)
        for parameter in block.conv_out.parameters():
            nn.init.zeros_(parameter)
        yield block
