"""The style-based generator: a map that grows, and is styled at every layer. StyleGAN 1, 2 and 3 are choices of it.

Papers: https://arxiv.org/abs/1812.04948 (Karras et al. 2019), https://arxiv.org/abs/1912.04958 (Karras et al. 2020),
https://arxiv.org/abs/2106.12423 (Karras et al. 2021)
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Literal

import torch
from torch import Tensor, nn

from genlab.networks.sides import at_each_level
from genlab.networks.stylegan.alias_free import AliasFreeBias, FourierFeatures, LowPass, Magnitude
from genlab.networks.stylegan.equalised import Bias, EqualisedConv2d, Resampling, upsampled
from genlab.networks.stylegan.mapping import Mapping
from genlab.networks.stylegan.modulation import AdaptiveNorm, ModulatedConv2d
from genlab.picture_size import Size
from genlab.ranges import NonNegativeInt, PositiveFloat, PositiveInt

Draw = Callable[[Sequence[int]], Tensor] | None
"""Standard normal numbers of a shape, the first dimension that of the batch; None for no noise."""
Modulation = Literal["adain", "demodulated"]
Output = Literal["skip", "last"]
Start = Literal["constant", "fourier"]
Filters = Literal["binomial", "low_pass"]


class StyleGenerator(nn.Module):
    """(batch, latent_size) -> styles -> images (batch, channels, height, width), near [-1, 1] and not bounded.

    Each level but the lowest doubles both sides; it has two styled layers, the lowest has one.

    Args:
        channels, size: of the images.
        latent_size: numbers of a latent vector.
        style_size: numbers of a style.
        mapping_depth: layers from the one to the other.
        mapping_rate: multiplies their learning rate.
        width: channels of the last level; twice as many at each lower one,
        widest: but never more than these.
        levels: how often both sides are doubled.
        modulation: demodulated: weights are scaled and normalised (StyleGAN 2); adain: statistics are set (1).
        noise: whether each layer adds noise, with a strength that is learnt for each channel.
        output: skip: each level adds to the image (2); last: the last one makes it (1).
        start: constant: the lowest map is learnt and the same for all (1, 2); fourier: sine waves that the style turns
            and shifts (3).
        filters: binomial: where a map is doubled (1, 2); low_pass: there and around each leaky ReLU (3).
        margin: pixels of each map beyond each edge, which are cut off: for zeros beyond the edges not to be seen (3).
        num_classes: how many labels there are; None makes the network unconditional.
    """

    division = staticmethod(at_each_level)
    is_style_based = True
    """See models/rules.py."""

    def __init__(
        self,
        channels: PositiveInt,
        size: Size,
        latent_size: PositiveInt,
        style_size: PositiveInt = 64,
        mapping_depth: PositiveInt = 4,
        mapping_rate: PositiveFloat = 0.01,
        width: PositiveInt = 24,
        widest: PositiveInt = 64,
        levels: PositiveInt = 3,
        modulation: Modulation = "demodulated",
        noise: bool = True,
        output: Output = "skip",
        start: Start = "constant",
        filters: Filters = "binomial",
        margin: NonNegativeInt = 0,
        num_classes: PositiveInt | None = None,
    ) -> None:
        super().__init__()
        widths = [min(widest, width * 2**level) for level in reversed(range(levels + 1))]
        self.mapping = Mapping(latent_size, style_size, mapping_depth, mapping_rate, num_classes)
        lowest = [side + 2 * margin for side in at_each_level(levels).smallest(size)]
        self.margin = margin
        self.start = (
            FourierFeatures(widths[0], style_size, lowest)
            if start == "fourier"
            else nn.Parameter(torch.randn(widths[0], *lowest))
        )
        low_pass = LowPass() if filters == "low_pass" else None
        self.layers = nn.ModuleList([StyledLayer(widths[0], widths[0], style_size, modulation, noise, low_pass)])
        for before, after in pairwise(widths):
            self.layers.append(StyledLayer(before, after, style_size, modulation, noise, low_pass, doubles=True))
            self.layers.append(StyledLayer(after, after, style_size, modulation, noise, low_pass))
        made_of = widths if output == "skip" else widths[-1:]
        self.images = nn.ModuleList(ToImage(width, channels, style_size, modulation) for width in made_of)
        self.num_styles = len(self.layers) + 1
        self.to(memory_format=torch.channels_last)

    @property
    def mean_style(self) -> Tensor:
        """(style_size,): the mean over the batches of training, later ones counting more."""
        return self.mapping.mean

    def styles(self, z: Tensor, label: Tensor | None = None) -> Tensor:
        """(batch, num_styles, style_size): one style for all layers."""
        return self.mapping(z, label)[:, None].expand(-1, self.num_styles, -1)

    def picture(self, styles: Tensor, draw: Draw = None) -> Tensor:
        """Images of styles (batch, num_styles, style_size), with the noise that `draw` gives."""
        x = self._lowest(styles[:, 0])
        image: Tensor | None = None
        for i, layer in enumerate(self.layers):
            x = layer(x, styles[:, i], draw)
            if i % 2 == 1:  # it has doubled the margin, too
                x = _cut(x, self.margin)
            left = (len(self.layers) - 1 - i) // 2  # levels above this layer's
            if i % 2 == 0 and left < len(self.images):
                added = _cut(self.images[-1 - left](x, styles[:, i + 1]), self.margin)
                image = added if image is None else upsampled(image) + added
        assert image is not None
        return image

    def _lowest(self, style: Tensor) -> Tensor:
        if isinstance(self.start, FourierFeatures):
            features: Tensor = self.start(style)
            return features
        return self.start.expand(len(style), -1, -1, -1).contiguous(memory_format=torch.channels_last)

    def forward(self, z: Tensor, label: Tensor | None = None, draw: Draw = None) -> Tensor:
        return self.picture(self.styles(z, label), draw)


class StyledLayer(nn.Module):
    """A convolution, noise, a bias, a leaky ReLU; styled by the weights of the one, or by statistics at the end.

    With `low_pass` filters the map is doubled before the convolution, its magnitude is followed, and the leaky ReLU is
    taken between filters.
    """

    def __init__(
        self, before: int, after: int, style_size: int, modulation: Modulation, noise: bool,
        low_pass: LowPass | None = None, doubles: bool = False,
    ) -> None:  # fmt: skip
        super().__init__()
        is_adain = modulation == "adain"
        resampling: Resampling = "up" if doubles and low_pass is None else "none"
        self.convolution = (
            EqualisedConv2d(before, after, resampling=resampling)
            if is_adain
            else ModulatedConv2d(before, after, style_size, resampling=resampling)
        )
        self.noise = nn.Parameter(torch.zeros(after)) if noise else None
        self.low_pass = low_pass if doubles else None
        self.magnitude = None if low_pass is None else Magnitude()
        self.bias = Bias(after) if low_pass is None else AliasFreeBias(after, low_pass)
        self.norm = AdaptiveNorm(after, style_size) if is_adain else None

    def forward(self, x: Tensor, style: Tensor, draw: Draw) -> Tensor:
        """Maps (batch, channels, h, w) and styles (batch, style_size)."""
        x = x if self.magnitude is None else self.magnitude(x)
        x = x if self.low_pass is None else self.low_pass.up(x)
        x = self.convolution(x) if self.norm is not None else self.convolution(x, style)
        if self.noise is not None and draw is not None:
            x = x + self.noise[:, None, None] * draw((len(x), 1, *x.shape[2:]))
        x = self.bias(x)
        return x if self.norm is None else self.norm(x, style)


class ToImage(nn.Module):
    """A map (batch, channels of the map, h, w) -> an image: a convolution of single pixels, styled, and a bias."""

    def __init__(self, before: int, channels: int, style_size: int, modulation: Modulation) -> None:
        super().__init__()
        self.is_styled = modulation == "demodulated"
        self.convolution = (
            ModulatedConv2d(before, channels, style_size, kernel=1, demodulated=False)
            if self.is_styled
            else EqualisedConv2d(before, channels, kernel=1)
        )
        self.bias = nn.Parameter(torch.zeros(channels))

    def forward(self, x: Tensor, style: Tensor) -> Tensor:
        x = self.convolution(x, style) if self.is_styled else self.convolution(x)
        return x + self.bias[:, None, None]


def _cut(x: Tensor, margin: int) -> Tensor:
    """Without so many pixels beyond each edge."""
    return x[..., margin:-margin, margin:-margin] if margin else x
