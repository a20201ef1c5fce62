"""A small convolutional encoder with pooling and a decoder with transposed convolutions.

Images are (batch, channel, size, size). Each level halves the side, so `size` must be a multiple of 2**levels: 28 takes
two levels, 8 up to three, 64 up to six.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from genlab.ranges import PositiveInt


def halved(size: int, levels: int) -> int:
    """The side after `levels` halvings; a ValueError if `size` cannot be halved so often."""
    if size % 2**levels:
        most = (size & -size).bit_length() - 1
        raise ValueError(
            f"size={size} cannot be halved {levels} times; allowed are multiples of {2**levels}, "
            f"or at most {most} level{'' if most == 1 else 's'} (widths) for size {size}"
        )
    return size // 2**levels


class Encoder(nn.Module):
    """(batch, channels, size, size) -> (batch, hidden): convolution, max-pooling and ReLU a level, then linear.

    ReLU after the pooling gives the same numbers as before it, from a quarter of the pixels.
    """

    def __init__(self, channels: int, size: int, widths: Sequence[PositiveInt], hidden: int) -> None:
        super().__init__()
        side = halved(size, len(widths))
        layers: list[nn.Module] = []
        for before, after in zip((channels, *widths), widths, strict=False):
            layers += [nn.Conv2d(before, after, 3, padding=1), nn.MaxPool2d(2), nn.ReLU()]
        self.layers = nn.Sequential(*layers, nn.Flatten(), nn.Linear(widths[-1] * side**2, hidden), nn.ReLU())

    def forward(self, x: Tensor) -> Tensor:
        return self.layers(x)


class Decoder(nn.Module):
    """(batch, hidden) -> (batch, channels, size, size): a linear layer, then a transposed convolution a level."""

    def __init__(self, hidden: int, channels: int, size: int, widths: Sequence[PositiveInt]) -> None:
        super().__init__()
        side = halved(size, len(widths))
        layers: list[nn.Module] = [
            nn.Linear(hidden, widths[-1] * side**2), nn.ReLU(), nn.Unflatten(1, (widths[-1], side, side))
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

    def __init__(
        self,
        channels: PositiveInt,
        size: PositiveInt,
        widths: Sequence[PositiveInt] = (32, 64),
        hidden: PositiveInt = 256,
    ) -> None:
        super().__init__()
        self.hidden = hidden
        self.shape = (channels, size, size)
        self.encoder = Encoder(channels, size, tuple(widths), hidden)
        self.decoder = Decoder(hidden, channels, size, tuple(widths))
        self.to(memory_format=torch.channels_last)  # a CPU trains 1.2 times faster

    def forward(self, x: Tensor) -> Tensor:
        return self.decoder(self.encoder(x))
