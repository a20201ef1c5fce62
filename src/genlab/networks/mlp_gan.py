"""Generator and discriminator of dense layers, for points and for very small pictures."""

from __future__ import annotations

import math

from torch import Tensor, nn

from genlab.networks.two_players import LatentWithLabel, Score, spectrally_normal
from genlab.ranges import PositiveInt

_SLOPE = 0.2


class MLPGenerator(nn.Module):
    """(batch, latent_size) -> (batch, *shape): dense layers with leaky ReLUs.

    Args:
        shape: of one datum.
        latent_size: numbers of a latent vector.
        width: of the hidden layers.
        depth: hidden layers.
        bounded: whether data are in [-1, 1], as pictures are: a hyperbolic tangent comes last.
        num_classes: how many labels there are; None makes the network unconditional.
    """

    def __init__(
        self,
        shape: list[PositiveInt],
        latent_size: PositiveInt,
        width: PositiveInt = 256,
        depth: PositiveInt = 3,
        bounded: bool = True,
        num_classes: PositiveInt | None = None,
    ) -> None:
        super().__init__()
        self.latent = LatentWithLabel(latent_size, num_classes)
        layers = [
            layer
            for i in range(depth)
            for layer in (nn.Linear(width if i else self.latent.size, width), nn.LeakyReLU(_SLOPE))
        ]
        end = [nn.Tanh()] if bounded else []
        self.layers = nn.Sequential(*layers, nn.Linear(width, math.prod(shape)), *end, nn.Unflatten(1, tuple(shape)))

    def forward(self, z: Tensor, label: Tensor | None = None) -> Tensor:
        out: Tensor = self.layers(self.latent(z, label))
        return out


class MLPDiscriminator(nn.Module):
    """(batch, *shape) -> scores (batch,), high where data look real: dense layers with leaky ReLUs.

    Args:
        shape: of one datum.
        width: of the hidden layers.
        depth: hidden layers.
        spectral_norm: whether every layer has slope 1 at most.
        num_classes: how many labels there are; None makes the network unconditional.
    """

    def __init__(
        self,
        shape: list[PositiveInt],
        width: PositiveInt = 256,
        depth: PositiveInt = 3,
        spectral_norm: bool = False,
        num_classes: PositiveInt | None = None,
    ) -> None:
        super().__init__()
        layers = [
            layer
            for i in range(depth)
            for layer in (
                spectrally_normal(nn.Linear(width if i else math.prod(shape), width), spectral_norm),
                nn.LeakyReLU(_SLOPE),
            )
        ]
        self.layers = nn.Sequential(nn.Flatten(), *layers)
        self.score = Score(width, num_classes, spectral_norm)

    def forward(self, x: Tensor, label: Tensor | None = None) -> Tensor:
        out: Tensor = self.score(self.layers(x), label)
        return out
