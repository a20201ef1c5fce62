"""Parts of StyleGAN 3: maps are samples of smooth signals, and every layer moves with its input.

A leaky ReLU makes frequencies that a map cannot hold; they fold back, and details stick to pixels. So the map is
resampled more finely, the leaky ReLU taken there, and what the next map may not hold is filtered out before it is
resampled back. The signal begins as sine waves, which have no pixels at all.

Paper: https://arxiv.org/abs/2106.12423 (Karras et al. 2021, sections 2 and 3, appendix C)
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from genlab.networks.stylegan.bands import Band
from genlab.networks.stylegan.equalised import EqualisedConv2d, EqualisedLinear
from genlab.networks.stylegan.modulation import ModulatedConv2d

_TAPS = 6
"""Of a filter, for each sample of the coarser map."""
_FINER = 2
"""A leaky ReLU is taken on a map so much finer than those before and after it."""
_GAIN = 2**0.25
"""Of a filter along one side after a leaky ReLU; that of both is the square root of 2, which keeps variance."""


def low_pass(band: Band, rate: float) -> Tensor:
    """(taps,), float64 and of sum 1: a sinc in a Kaiser window, for maps of `rate` samples a pixel of the picture.

    The window is as steep as the band's half-width and the number of taps, an even one, ask for.
    """
    taps = _TAPS * round(rate / band.rate)
    decay = 2.285 * (taps - 1) * math.pi * 4 * band.half_width / rate + 7.95  # dB, by Kaiser's formula
    beta = 0.1102 * (decay - 8.7) if decay > 50 else 0.5842 * max(decay - 21, 0) ** 0.4 + 0.07886 * max(decay - 21, 0)
    places = torch.arange(taps, dtype=torch.float64) - (taps - 1) / 2
    values = torch.sinc(2 * band.cutoff / rate * places)
    values = values * torch.kaiser_window(taps, False, beta, dtype=torch.float64)
    return values / values.sum()


def resampling(taps: Tensor, fine: int, coarse: int, factor: int) -> Tensor:
    """(fine, coarse), float64: maps a side of a coarse map to one of a map finer by `factor`, both with one centre.

    Transposed and divided by `factor` it maps the fine one to the coarse one. There are zeros beyond the edges.
    """
    at_fine = torch.arange(fine, dtype=torch.float64) - (fine - 1) / 2
    at_coarse = factor * (torch.arange(coarse, dtype=torch.float64) - (coarse - 1) / 2)
    tap = (at_fine[:, None] - at_coarse + (len(taps) - 1) / 2).round().long()
    return factor * torch.where((tap >= 0) & (tap < len(taps)), taps[tap.clamp(0, len(taps) - 1)], 0.0)


class FilteredLeakyReLU(nn.Module):
    """A leaky ReLU between filters: (batch, channels, *before) of one band -> (batch, channels, *after) of another.

    Its slope is 0.2, and outputs are multiplied by the square root of 2, as those of `activated` are.

    Args:
        incoming, outgoing: the bands; the rate of the second is that of the first, or a multiple of it.
        before, after: height and width; the centre stays where it is.
    """

    up_rows: Tensor
    up_columns: Tensor
    down_rows: Tensor
    down_columns: Tensor

    def __init__(self, incoming: Band, outgoing: Band, before: Sequence[int], after: Sequence[int]) -> None:
        super().__init__()
        rate = _FINER * max(incoming.rate, outgoing.rate)
        up, down = round(rate / incoming.rate), round(rate / outgoing.rate)
        for name, old, new in zip(("rows", "columns"), before, after, strict=True):
            finer = resampling(low_pass(incoming, rate), up * old, old, up)
            coarser = _GAIN * resampling(low_pass(outgoing, rate), up * old, new, down).T / down
            self.register_buffer(f"up_{name}", finer.float(), persistent=False)
            self.register_buffer(f"down_{name}", coarser.float(), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        x = F.leaky_relu(_along_both(x, self.up_rows, self.up_columns), 0.2)
        return _along_both(x, self.down_rows, self.down_columns)


def _along_both(x: Tensor, rows: Tensor, columns: Tensor) -> Tensor:
    return F.linear(F.linear(x, columns).transpose(2, 3), rows).transpose(2, 3)


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


class AliasFreeLayer(nn.Module):
    """A styled convolution at the rate of its input, a bias, and a leaky ReLU between filters; magnitudes are followed.

    Args:
        before, after: numbers of channels.
        style_size: numbers of a style.
        activation: takes maps to the rate and the sides of the output.
    """

    def __init__(self, before: int, after: int, style_size: int, activation: FilteredLeakyReLU) -> None:
        super().__init__()
        self.magnitude = Magnitude()
        self.convolution = ModulatedConv2d(before, after, style_size)
        self.bias = nn.Parameter(torch.zeros(after))
        self.activation = activation

    def forward(self, x: Tensor, style: Tensor) -> Tensor:
        """Maps (batch, before, h, w) and styles (batch, style_size)."""
        out: Tensor = self.activation(self.convolution(self.magnitude(x), style) + self.bias[:, None, None])
        return out


class FourierFeatures(nn.Module):
    """Styles (batch, style_size) -> maps (batch, channels, *size): sine waves, turned and shifted by the style.

    Args:
        channels: as many waves, mixed by a convolution of single pixels.
        style_size: numbers of a style.
        size: height and width.
        highest: frequency, in cycles a sample of the map; all below it are as likely, in any direction.
    """

    frequencies: Tensor
    phases: Tensor

    def __init__(self, channels: int, style_size: int, size: Sequence[int], highest: float) -> None:
        super().__init__()
        self.size = tuple(size)
        angles, radii = 2 * math.pi * torch.rand(channels), highest * torch.rand(channels).sqrt()
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
