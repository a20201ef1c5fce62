"""The style-based generator whose details move with what they belong to, and do not stick to pixels (StyleGAN 3).

Paper: https://arxiv.org/abs/2106.12423 (Karras et al. 2021, configuration T)
"""

from __future__ import annotations

from itertools import pairwise

from torch import Tensor, nn

from genlab.networks.sides import at_each_level
from genlab.networks.stylegan.alias_free import AliasFreeLayer, FilteredLeakyReLU, FourierFeatures
from genlab.networks.stylegan.bands import bands
from genlab.networks.stylegan.mapping import Mapping
from genlab.networks.stylegan.synthesis import Draw
from genlab.networks.stylegan.to_image import ToImage
from genlab.picture_size import Size, height_and_width
from genlab.ranges import NonNegativeInt, PositiveFloat, PositiveInt, SeveralInt


class AliasFreeGenerator(nn.Module):
    """(batch, latent_size) -> styles -> images (batch, channels, height, width), near [-1, 1] and not bounded.

    Sine waves, and layers whose maps hold higher frequencies one after another, see `bands`; there is no noise.

    Args:
        channels, size: of the images.
        latent_size: numbers of a latent vector.
        style_size: numbers of a style.
        mapping_depth: layers from the one to the other.
        mapping_rate: multiplies their learning rate.
        width: channels of the last layer; the more at the others, the lower their frequencies,
        widest: but never more than these.
        levels: how often both sides are doubled. The paper's lowest map has 16 pixels.
        layers: between the sine waves and the picture.
        margin: pixels of each map beyond each edge: for zeros beyond the edges not to be seen.
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
        mapping_depth: PositiveInt = 2,
        mapping_rate: PositiveFloat = 0.01,
        width: PositiveInt = 24,
        widest: PositiveInt = 64,
        levels: PositiveInt = 2,
        layers: SeveralInt = 8,
        margin: NonNegativeInt = 8,
        num_classes: PositiveInt | None = None,
    ) -> None:
        super().__init__()
        at_each_level(levels).check(size)
        found, sides = bands(levels, layers), height_and_width(size)
        sizes = [[round(side * band.rate) + 2 * margin for side in sides] for band in found[:-1]]
        maps = [(found[0], sizes[0]), *zip(found, [*sizes, sides], strict=True)]
        widths = [min(widest, round(width * found[-1].cutoff / band.cutoff)) for band in found]
        self.mapping = Mapping(latent_size, style_size, mapping_depth, mapping_rate, num_classes)
        self.start = FourierFeatures(widths[0], style_size, sizes[0], found[0].cutoff / found[0].rate)
        self.layers = nn.ModuleList(
            AliasFreeLayer(*of_layer, style_size, FilteredLeakyReLU(incoming, outgoing, before, after))
            for of_layer, ((incoming, before), (outgoing, after)) in zip(
                pairwise([widths[0], *widths]), pairwise(maps), strict=True
            )
        )
        self.image = ToImage(widths[-1], channels, style_size)
        self.num_styles = layers + 2

    @property
    def mean_style(self) -> Tensor:
        """(style_size,): the mean over the batches of training, later ones counting more."""
        return self.mapping.mean

    def styles(self, z: Tensor, label: Tensor | None = None) -> Tensor:
        """(batch, num_styles, style_size): one style for the sine waves, for each layer and for the image."""
        return self.mapping(z, label)[:, None].expand(-1, self.num_styles, -1)

    def picture(self, styles: Tensor, draw: Draw = None) -> Tensor:
        """Images of styles (batch, num_styles, style_size); `draw` gives noise, of which there is none here."""
        x = self.start(styles[:, 0])
        for i, layer in enumerate(self.layers, 1):
            x = layer(x, styles[:, i])
        image: Tensor = self.image(x, styles[:, -1])
        return image

    def forward(self, z: Tensor, label: Tensor | None = None, draw: Draw = None) -> Tensor:
        return self.picture(self.styles(z, label), draw)
