"""From the last map, or that of each level, to an image."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from genlab.networks.stylegan.equalised import EqualisedConv2d
from genlab.networks.stylegan.modulation import ModulatedConv2d


class ToImage(nn.Module):
    """A map (batch, channels of the map, h, w) -> an image: a convolution of single pixels, and a bias.

    Args:
        before: channels of the map.
        channels: of the image.
        style_size: numbers of a style, which scales the weights; None for no style.
    """

    def __init__(self, before: int, channels: int, style_size: int | None) -> None:
        super().__init__()
        self.is_styled = style_size is not None
        self.convolution = (
            EqualisedConv2d(before, channels, kernel=1)
            if style_size is None
            else ModulatedConv2d(before, channels, style_size, kernel=1, demodulated=False)
        )
        self.bias = nn.Parameter(torch.zeros(channels))

    def forward(self, x: Tensor, style: Tensor) -> Tensor:
        """Maps, and styles (batch, style_size)."""
        x = self.convolution(x, style) if self.is_styled else self.convolution(x)
        return x + self.bias[:, None, None]
