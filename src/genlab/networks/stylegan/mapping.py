"""From latent vectors to styles.

Paper: https://arxiv.org/abs/1812.04948 (Karras et al. 2019, section 2)
"""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn

from genlab.networks.stylegan.equalised import EqualisedLinear, activated
from genlab.networks.two_players import LatentWithLabel

_DECAY = 0.998
"""Of the mean style, for each batch."""


class Mapping(nn.Module):
    """(batch, latent_size), and labels where there are classes -> (batch, style_size); it keeps the mean style.

    Args:
        latent_size: numbers of a latent vector, which is scaled to unit variance first.
        style_size: numbers of a style.
        depth: layers.
        rate: multiplies the learning rate of them all.
        num_classes: how many labels there are; None takes none.
    """

    mean: Tensor

    def __init__(self, latent_size: int, style_size: int, depth: int, rate: float, num_classes: int | None) -> None:
        super().__init__()
        self.latent = LatentWithLabel(latent_size, num_classes)
        sizes = [self.latent.size, *[style_size] * depth]
        self.layers = nn.ModuleList(EqualisedLinear(a, b, rate) for a, b in pairwise(sizes))
        self.register_buffer("mean", torch.zeros(style_size))

    def forward(self, z: Tensor, label: Tensor | None) -> Tensor:
        w = self.latent(z, label)
        w = w * (w.square().mean(1, keepdim=True) + 1e-8).rsqrt()
        for layer in self.layers:
            w = activated(layer(w))
        if self.training:
            with torch.no_grad():
                self.mean.lerp_(w.mean(0), 1 - _DECAY)
        return w
