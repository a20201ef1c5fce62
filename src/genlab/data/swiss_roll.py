"""Points on a rolled-up line in the plane."""

from __future__ import annotations

import hashlib
import math
from functools import cached_property

import torch

from genlab.data.items import Items
from genlab.data.resident_data import ResidentData, Split
from genlab.modalities.points import Points
from genlab.randomness import fold_in
from genlab.ranges import NonNegativeFloat, PositiveFloat, PositiveInt, Seed


class SwissRoll(ResidentData):
    """scale (angle cos(angle), angle sin(angle)) + noise, angle uniform in [1.5 pi, 4.5 pi].

    scikit-learn's roll, without its second coordinate; its arms are 2 pi scale apart. Every split is drawn for itself;
    the data do not depend on the seed.

    Args:
        n_train: points to train on; validation and test have a tenth each, which are one batch.
        noise: standard deviation of the normal noise on both coordinates.
        scale: the points lie within about 15 times that of the origin.
        batch_size: points in a training batch.
        seed: of the training order.
    """

    name = "swiss_roll"
    modality = Points()

    def __init__(
        self, n_train: PositiveInt = 10_000, noise: NonNegativeFloat = 0.05, scale: PositiveFloat = 0.1,
        batch_size: PositiveInt = 256, seed: Seed = 0,
    ) -> None:  # fmt: skip
        super().__init__(batch_size, eval_batch_size=max(1, n_train // 10), seed=seed)
        self._sizes = {"train": n_train, "val": max(1, n_train // 10), "test": max(1, n_train // 10)}
        self.noise, self.scale = noise, scale

    @cached_property
    def checksum(self) -> str:
        """SHA-256 of what decides the points."""
        return hashlib.sha256(f"{self.name}/{self._sizes['train']}/{self.noise}/{self.scale}".encode()).hexdigest()

    def load(self, split: Split) -> Items:
        """(n, 2) float32."""
        generator = torch.Generator().manual_seed(fold_in(0, self.name, split))
        angle = math.pi * (1.5 + 3 * torch.rand(n := self._sizes[split], generator=generator))
        roll = self.scale * torch.stack([angle * angle.cos(), angle * angle.sin()], 1)
        return Items(roll + self.noise * torch.randn(n, 2, generator=generator))
