"""The style-based generator: a map that grows, and is styled at every layer. StyleGAN 1 and 2 are choices of it.

Papers: https://arxiv.org/abs/1812.04948 (Karras et al. 2019), https://arxiv.org/abs/1912.04958 (Karras et al. 2020)
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from genlab.networks.sides import at_each_level
from genlab.networks.stylegan.equalised import Bias, EqualisedConv2d, Resampling, upsampled
from genlab.networks.stylegan.mapping import Mapping
from genlab.networks.stylegan.modulation import AdaptiveNorm, ModulatedConv2d
from genlab.networks.stylegan.to_image import ToImage
from genlab.picture_size import Size
from genlab.ranges import PositiveFloat, PositiveInt

Draw = Callable[[Sequence[int]], Tensor] | None
"""Standard normal numbers of a shape, the first dimension that of the batch; None for no noise."""
Modulation = Literal["adain", "demodulated"]
Output = Literal["skip", "last", "grown"]


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
        output: skip: each level adds to the image (2); last: the last one makes it (1); grown: the last one makes it,
            and any other can, so that the network can be used before it is whole (see models/growing.py).
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
        num_classes: PositiveInt | None = None,
    ) -> None:
        super().__init__()
        widths = [min(widest, width * 2**level) for level in reversed(range(levels + 1))]
        self.mapping = Mapping(latent_size, style_size, mapping_depth, mapping_rate, num_classes)
        self.start = nn.Parameter(torch.randn(widths[0], *at_each_level(levels).smallest(size)))
        self.layers = nn.ModuleList([StyledLayer(widths[0], widths[0], style_size, modulation, noise)])
        for before, after in pairwise(widths):
            self.layers.append(StyledLayer(before, after, style_size, modulation, noise, "up"))
            self.layers.append(StyledLayer(after, after, style_size, modulation, noise))
        made_of, style_of_image = (
            widths[-1:] if output == "last" else widths,
            None if modulation == "adain" else style_size,
        )
        self.images = nn.ModuleList(ToImage(width, channels, style_of_image) for width in made_of)
        self.growing_levels = levels if output == "grown" else 0
        self.num_styles = len(self.layers) + 1
        self.to(memory_format=torch.channels_last)

    @property
    def mean_style(self) -> Tensor:
        """(style_size,): the mean over the batches of training, later ones counting more."""
        return self.mapping.mean

    def styles(self, z: Tensor, label: Tensor | None = None) -> Tensor:
        """(batch, num_styles, style_size): one style for all layers."""
        return self.mapping(z, label)[:, None].expand(-1, self.num_styles, -1)

    def picture(self, styles: Tensor, draw: Draw = None, depth: float | None = None) -> Tensor:
        """Images of styles (batch, num_styles, style_size), with the noise that `draw` gives; grown as far as `depth`.

        A depth of 1.3 fades the second doubling in: 0.3 of its image, and 0.7 of that before it with pixels repeated.
        """
        levels = len(self.layers) // 2
        depth = levels if depth is None else depth
        top = math.ceil(depth)
        x = self.start.expand(len(styles), -1, -1, -1).contiguous(memory_format=torch.channels_last)
        image: Tensor | None = None
        for i, layer in enumerate(self.layers[: 2 * top + 1]):
            x = layer(x, styles[:, i], draw)
            level, left = i // 2, levels - i // 2
            if i % 2 == 1 or left >= len(self.images) or (self.growing_levels and level <= depth - 1):
                continue
            made = self.images[-1 - left](x, styles[:, i + 1])
            if image is None:
                image = made
            elif self.growing_levels:
                image = torch.lerp(_repeated(image, 1), made, depth - top + 1)
            else:
                image = upsampled(image) + made
        assert image is not None
        return _repeated(image, levels - top)

    def forward(self, z: Tensor, label: Tensor | None = None, draw: Draw = None) -> Tensor:
        return self.picture(self.styles(z, label), draw)


class StyledLayer(nn.Module):
    """A convolution, noise, a bias, a leaky ReLU; styled by the weights of the one, or by statistics at the end."""

    def __init__(
        self, before: int, after: int, style_size: int, modulation: Modulation, noise: bool,
        resampling: Resampling = "none",
    ) -> None:  # fmt: skip
        super().__init__()
        is_adain = modulation == "adain"
        self.convolution = (
            EqualisedConv2d(before, after, resampling=resampling)
            if is_adain
            else ModulatedConv2d(before, after, style_size, resampling=resampling)
        )
        self.noise = nn.Parameter(torch.zeros(after)) if noise else None
        self.bias = Bias(after)
        self.norm = AdaptiveNorm(after, style_size) if is_adain else None

    def forward(self, x: Tensor, style: Tensor, draw: Draw) -> Tensor:
        """Maps (batch, channels, h, w) and styles (batch, style_size)."""
        x = self.convolution(x) if self.norm is not None else self.convolution(x, style)
        if self.noise is not None and draw is not None:
            x = x + self.noise[:, None, None] * draw((len(x), 1, *x.shape[2:]))
        x = self.bias(x)
        return x if self.norm is None else self.norm(x, style)


def _repeated(x: Tensor, doublings: int) -> Tensor:
    """Each pixel becomes a square of 2^doublings pixels."""
    return F.interpolate(x, scale_factor=2**doublings) if doublings else x
