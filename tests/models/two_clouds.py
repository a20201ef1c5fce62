"""Points of two clouds of which one is the other, shifted, and a small translation between them.

A cloud is a corner: turned over it would be another one.
"""

from functools import partial

import torch

from genlab.data.items import Items
from genlab.data.resident_data import ResidentData
from genlab.modalities.points import Points
from genlab.models.translation import Translation
from genlab.networks.mlp_gan import MLPDiscriminator, MLPGenerator
from genlab.objectives.adversarial_losses import LeastSquares
from genlab.randomness import fold_in

SHIFT = torch.tensor([2.0, -1.0])
SPREAD = torch.tensor([0.8, 0.4])


class TwoClouds(ResidentData):
    """Both are drawn by themselves: a point and its place's `other` have nothing to do with each other."""

    name = "two_clouds"
    modality = Points()

    def __init__(self, n=1600, batch_size=64):
        super().__init__(batch_size)
        self.n = n

    def load(self, split):
        generator = torch.Generator().manual_seed(fold_in(0, split))
        a, b = torch.randn(2, self.n if split == "train" else 64, 2, generator=generator).abs() * SPREAD
        return Items(a, others=b + SHIFT)


def translation(seed=0, width=32, rate=2e-3, **options):
    torch.manual_seed(seed)
    generators = [MLPGenerator([2], 2, width=width, depth=2, bounded=False) for _ in range(2)]
    discriminators = [MLPDiscriminator([2], width=width, depth=2) for _ in range(2)]
    return Translation(
        *generators, *discriminators, options.pop("loss", LeastSquares()),
        partial(torch.optim.Adam, lr=rate, betas=(0.5, 0.99)), seed=seed, **options,
    )  # fmt: skip
