"""A small convolutional tower that makes one vector of a picture."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from genlab.picture_size import Size, height_and_width
from genlab.ranges import PositiveInt


class ImageTower(nn.Module):
    """(batch, channels, height, width) -> (batch, features): halvings down to about 4 pixels, then one hidden layer.

    After each but the first is a residual block. Pictures of any size go in; what is left of them is averaged to 4 x 4.

    Args:
        channels: of the pictures.
        size: of the pictures, in pixels; the shorter side decides the number of halvings.
        width: channels of the first level; each halving has half as many more.
        features: numbers in the vector.
    """

    def __init__(
        self, channels: PositiveInt, size: Size, width: PositiveInt = 48, features: PositiveInt = 256
    ) -> None:  # fmt: skip
        super().__init__()
        side = min(height_and_width(size))
        layers: list[nn.Module] = [_convolution(channels, width, 2 if side >= 16 else 1)]
        side = (side + 1) // 2 if side >= 16 else side
        while side > 4:
            wider = width + width // 2
            layers += [_convolution(width, wider, 2), _Residual(wider)]
            side, width = (side + 1) // 2, wider
        layers += [nn.AdaptiveAvgPool2d(4), nn.Flatten(), nn.Linear(16 * width, features)]
        self.layers = nn.Sequential(*layers)

    def forward(self, x: Tensor) -> Tensor:
        # Convolutions of few channels are much faster so on a CPU.
        out: Tensor = self.layers(x.contiguous(memory_format=torch.channels_last) if x.is_cpu else x)
        return out


class _Residual(nn.Module):
    """x + a convolution of it."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.convolution = nn.Conv2d(width, width, 3, padding=1, bias=False)
        self.norm = nn.BatchNorm2d(width)

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(x + self.norm(self.convolution(x)))


def _convolution(taken: int, given: int, stride: int) -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(taken, given, 3, stride, padding=1, bias=False), nn.BatchNorm2d(given), nn.ReLU()
    )  # fmt: skip
