"""What StyleGAN 3 changes: maps are samples of smooth signals, and every layer moves with its input.

A leaky ReLU makes frequencies that a map cannot hold; they fold back, and details stick to pixels. So the map is
resampled more finely, the leaky ReLU taken there, and what the map cannot hold is filtered out before it is resampled
back. The signal begins as sine waves, which have no pixels at all.

Paper: https://arxiv.org/abs/2106.12423 (Karras et al. 2021, sections 2 and 3)
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from genlab.networks.stylegan.equalised import EqualisedConv2d, EqualisedLinear, activated

_BETA = 4.0
"""Of the Kaiser window."""
_CUTOFF = 0.3
"""Of the filter, in cycles a pixel of the smaller map, which can hold 0.5: so few taps need room to fall off."""
_HIGHEST = 0.2
"""Of the sine waves, in cycles a pixel of the lowest map."""


class LowPass(nn.Module):
    """Doubles or halves the sides of maps (batch, channels, h, w) by a sinc in a Kaiser window; zeros beyond the edges.

    Pixel i of the small map is pixel 2 i of the large one.

    Args:
        taps: of the filter, an odd number.
    """

    filter: Tensor

    def __init__(self, taps: int = 13) -> None:
        super().__init__()
        half = taps // 2
        places = torch.arange(-half, half + 1, dtype=torch.float64)
        values = torch.sinc(_CUTOFF * places) * torch.kaiser_window(2 * half + 1, False, _BETA, dtype=torch.float64)
        self.register_buffer("filter", (values / values.sum()).float(), persistent=False)

    def up(self, x: Tensor) -> Tensor:
        """(batch, channels, 2 h, 2 w)."""
        for dimension in (2, 3):
            kernel, padding = self._along(x, dimension)
            sides = (2, 1) if dimension == 2 else (1, 2)
            left = (1, 0) if dimension == 2 else (0, 1)
            x = F.conv_transpose2d(x, 2 * kernel, None, sides, padding, left, groups=x.shape[1])
        return x

    def down(self, x: Tensor) -> Tensor:
        """(batch, channels, h / 2, w / 2)."""
        for dimension in (2, 3):
            kernel, padding = self._along(x, dimension)
            x = F.conv2d(x, kernel, None, (2, 1) if dimension == 2 else (1, 2), padding, groups=x.shape[1])
        return x

    def _along(self, x: Tensor, dimension: int) -> tuple[Tensor, tuple[int, int]]:
        shape, half = ((-1, 1), (len(self.filter) // 2, 0)) if dimension == 2 else ((1, -1), (0, len(self.filter) // 2))
        return self.filter.to(x.dtype).view(1, 1, *shape).expand(x.shape[1], 1, -1, -1), half


class AliasFreeBias(nn.Module):
    """A number a channel, added; then a leaky ReLU on a map of twice the sides, between two low-pass filters."""

    def __init__(self, channels: int, low_pass: LowPass) -> None:
        super().__init__()
        self.bias = nn.Parameter(torch.zeros(channels))
        self.low_pass = low_pass

    def forward(self, x: Tensor) -> Tensor:
        return self.low_pass.down(activated(self.low_pass.up(x + self.bias[:, None, None])))


class Magnitude(nn.Module):
    """Divides maps by the root of their mean square over the training so far (appendix C), which is in checkpoints."""

    square: Tensor
    _DECAY = 0.999

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("square", torch.ones(()))

    def forward(self, x: Tensor) -> Tensor:
        if self.training:
            with torch.no_grad():
                self.square.lerp_(x.square().mean(), 1 - self._DECAY)
        return x * self.square.clone().rsqrt()


class FourierFeatures(nn.Module):
    """Styles (batch, style_size) -> maps (batch, channels, *size): sine waves, turned and shifted by the style.

    Args:
        channels: as many waves, mixed by a convolution of single pixels.
        style_size: numbers of a style.
        size: height and width.
    """

    frequencies: Tensor
    phases: Tensor

    def __init__(self, channels: int, style_size: int, size: Sequence[int]) -> None:
        super().__init__()
        self.size = tuple(size)
        angles, radii = 2 * math.pi * torch.rand(channels), _HIGHEST * torch.rand(channels).sqrt()
        self.register_buffer("frequencies", torch.stack([radii * angles.cos(), radii * angles.sin()], 1))
        self.register_buffer("phases", 2 * math.pi * torch.rand(channels))
        self.motion = EqualisedLinear(style_size, 4)
        with torch.no_grad():
            self.motion.weight.zero_()
            self.motion.bias.copy_(torch.tensor([1.0, 0.0, 0.0, 0.0]))
        self.mix = EqualisedConv2d(channels, channels, kernel=1)

    def forward(self, style: Tensor) -> Tensor:
        cosine, sine, down, right = self.motion(style).unbind(1)  # (batch,); shifts in heights of the map
        length = (cosine.square() + sine.square() + 1e-8).sqrt()
        height, width = self.size
        y = torch.arange(height, device=style.device) - (height - 1) / 2
        x = torch.arange(width, device=style.device) - (width - 1) / 2
        y = y[None, :, None] - height * down[:, None, None]  # (batch, height, 1)
        x = x[None, None, :] - height * right[:, None, None]  # (batch, 1, width)
        cosine, sine = (cosine / length)[:, None, None], (sine / length)[:, None, None]
        turned = torch.stack([cosine * y - sine * x, sine * y + cosine * x], 1)  # (batch, 2, height, width)
        angles = 2 * math.pi * torch.einsum("cd,bdhw->bchw", self.frequencies, turned)
        out: Tensor = self.mix(math.sqrt(2) * (angles + self.phases[:, None, None]).sin())
        return out
