"""A small convolutional encoder with pooling and a decoder with transposed convolutions.

Images are (batch, channels, height, width). Each level halves both sides, so these must be multiples of 2**levels: 28
takes two levels, 8 up to three, 64 up to six.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from genlab.networks.sides import at_each_width
from genlab.picture_size import Size, height_and_width
from genlab.ranges import PositiveInt


class Encoder(nn.Module):
    """(batch, channels, height, width) -> (batch, hidden): convolution, max-pooling and ReLU a level, then linear.

    ReLU after the pooling gives the same numbers as before it, from a quarter of the pixels.
    """

    def __init__(self, channels: int, size: Size, widths: Sequence[PositiveInt], hidden: int) -> None:
        super().__init__()
        height, width = at_each_width(widths).smallest(size)
        layers: list[nn.Module] = []
        for before, after in zip((channels, *widths), widths, strict=False):
            layers += [nn.Conv2d(before, after, 3, padding=1), nn.MaxPool2d(2), nn.ReLU()]
        self.layers = nn.Sequential(*layers, nn.Flatten(), nn.Linear(widths[-1] * height * width, hidden), nn.ReLU())

    def forward(self, x: Tensor) -> Tensor:
        return self.layers(x)


class Decoder(nn.Module):
    """(batch, hidden) -> (batch, channels, height, width): a linear layer, then a transposed convolution a level."""

    def __init__(self, hidden: int, channels: int, size: Size, widths: Sequence[PositiveInt]) -> None:
        super().__init__()
        height, width = at_each_width(widths).smallest(size)
        layers: list[nn.Module] = [
            nn.Linear(hidden, widths[-1] * height * width), nn.ReLU(), nn.Unflatten(1, (widths[-1], height, width))
        ]  # fmt: skip
        for before, after in zip(reversed(widths), (*reversed(widths[:-1]), channels), strict=True):
            layers += [nn.ConvTranspose2d(before, after, 4, stride=2, padding=1), nn.ReLU()]
        self.layers = nn.Sequential(*layers[:-1])  # the image itself is not rectified

    def forward(self, hidden: Tensor) -> Tensor:
        return self.layers(hidden)


class ConvolutionalAutoencoder(nn.Module):
    """The two halves of an autoencoder, without the code between them.

    Args:
        channels, size: of the images.
        widths: channels of each level, from the image inwards.
        hidden: size of the vector on either side of the code.
    """

    division = staticmethod(at_each_width)

    def __init__(
        self,
        channels: PositiveInt,
        size: Size,
        widths: Sequence[PositiveInt] = (32, 64),
        hidden: PositiveInt = 256,
    ) -> None:
        super().__init__()
        self.hidden = hidden
        self.shape = (channels, *height_and_width(size))
        self.encoder = Encoder(channels, size, tuple(widths), hidden)
        self.decoder = Decoder(hidden, channels, size, tuple(widths))
        self.to(memory_format=torch.channels_last)  # a CPU trains 1.2 times faster

    def forward(self, x: Tensor) -> Tensor:
        return self.decoder(self.encoder(x))
