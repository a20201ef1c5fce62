"""The convolutional generator and discriminator of DCGAN (Radford et al. 2016, section 3).

Images are (batch, channels, height, width) in [-1, 1]. Each level doubles, or halves, both sides.

Paper: https://arxiv.org/abs/1511.06434
"""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor, nn

from genlab.networks.sides import at_each_level
from genlab.networks.two_players import LatentWithLabel, MinibatchDeviation, Score, spectrally_normal
from genlab.picture_size import Size
from genlab.ranges import PositiveInt

Norm = Literal["batch", "none"]


class DCGANGenerator(nn.Module):
    """(batch, latent_size) -> images: a linear layer to a small map, then a transposed convolution a level.

    Args:
        channels, size: of the images.
        latent_size: numbers of a latent vector.
        width: channels before the last level; twice as many before each earlier one.
        levels: how often both sides are doubled.
        norm: batch normalisation before each ReLU, as in the paper, or none.
        num_classes: how many labels there are; None makes the network unconditional.
    """

    division = staticmethod(at_each_level)

    def __init__(
        self,
        channels: PositiveInt,
        size: Size,
        latent_size: PositiveInt,
        width: PositiveInt = 64,
        levels: PositiveInt = 2,
        norm: Norm = "batch",
        num_classes: PositiveInt | None = None,
    ) -> None:
        super().__init__()
        height, width_of_map = at_each_level(levels).smallest(size)
        widths = [width * 2**level for level in reversed(range(levels))]
        self.latent = LatentWithLabel(latent_size, num_classes)
        start = widths[0] * height * width_of_map
        layers: list[nn.Module] = [
            nn.Linear(self.latent.size, start),
            nn.Unflatten(1, (widths[0], height, width_of_map)),
        ]
        for before, after in zip(widths, (*widths[1:], channels), strict=True):
            layers += [*_norm(norm, before), nn.ReLU(), nn.ConvTranspose2d(before, after, 4, stride=2, padding=1)]
        self.layers = nn.Sequential(*layers, nn.Tanh())
        self.to(memory_format=torch.channels_last)

    def forward(self, z: Tensor, label: Tensor | None = None) -> Tensor:
        out: Tensor = self.layers(self.latent(z, label))
        return out


class DCGANDiscriminator(nn.Module):
    """Images -> scores (batch,), high where they look real: a strided convolution with a leaky ReLU a level.

    Args:
        channels, size: of the images.
        width: channels after the first convolution; twice as many after each further one.
        levels: how often both sides are halved.
        norm: batch normalisation but in the first level, as in the paper, or none. It mixes the images of a batch, so
            that no penalty on the slope fits it.
        spectral_norm: whether every layer has slope 1 at most.
        minibatch_deviation: whether the discriminator is told how much the images of a batch differ.
        num_classes: how many labels there are; None makes the network unconditional.
    """

    division = staticmethod(at_each_level)

    def __init__(
        self,
        channels: PositiveInt,
        size: Size,
        width: PositiveInt = 64,
        levels: PositiveInt = 2,
        norm: Norm = "none",
        spectral_norm: bool = False,
        minibatch_deviation: bool = False,
        num_classes: PositiveInt | None = None,
    ) -> None:
        super().__init__()
        height, width_of_map = at_each_level(levels).smallest(size)
        layers: list[nn.Module] = []
        before = channels
        for level in range(levels):
            after = width * 2**level
            convolution = nn.Conv2d(before, after, 4, stride=2, padding=1)
            layers += [spectrally_normal(convolution, spectral_norm), *_norm(norm if level else "none", after)]
            layers += [nn.LeakyReLU(0.2)]
            before = after
        deviation = [MinibatchDeviation()] if minibatch_deviation else []
        self.layers = nn.Sequential(*layers, *deviation, nn.Flatten())
        features = (before + len(deviation)) * height * width_of_map
        self.score = Score(features, num_classes, spectral_norm)
        self.to(memory_format=torch.channels_last)

    def forward(self, x: Tensor, label: Tensor | None = None) -> Tensor:
        out: Tensor = self.score(self.layers(x), label)
        return out


def _norm(norm: Norm, channels: int) -> list[nn.Module]:
    return [nn.BatchNorm2d(channels)] if norm == "batch" else []
