"""Points on a rolled-up line in the plane."""

from __future__ import annotations

import hashlib
import math
from functools import cached_property

import pytorch_lightning as pl
import torch
from torch import Tensor

from genlab.data.batch import Batch
from genlab.data.loader import EvalLoader, Resident, TrainLoader
from genlab.randomness import fold_in
from genlab.ranges import NonNegativeFloat, PositiveFloat, PositiveInt, Seed


class ResidentPoints(Resident):
    """Points (n, features) float32 in the place of the pixels."""

    def batch(self, rows: Tensor, flips: Tensor | None = None) -> Batch:
        return Batch(self.pixels[rows])


class SwissRoll(pl.LightningDataModule):
    """scale (angle cos(angle), angle sin(angle)) + noise, angle uniform in [1.5 pi, 4.5 pi].

    scikit-learn's roll, without its second coordinate; its arms are 2 pi scale apart. Every split is drawn for itself;
    the data do not depend on the seed.

    Args:
        n_train: points to train on; validation and test have a tenth each.
        noise: standard deviation of the normal noise on both coordinates.
        scale: the points lie within about 15 times that of the origin.
        batch_size: points in a training batch.
        seed: of the training order.
    """

    name = "swiss_roll"
    shape = (2,)
    num_classes = None

    def __init__(
        self, n_train: PositiveInt = 10_000, noise: NonNegativeFloat = 0.05, scale: PositiveFloat = 0.1,
        batch_size: PositiveInt = 256, seed: Seed = 0,
    ) -> None:  # fmt: skip
        super().__init__()
        self.n_train, self.noise, self.scale = n_train, noise, scale
        self.batch_size, self.seed = batch_size, seed
        self.n_val = self.n_test = max(1, n_train // 10)

    @cached_property
    def checksum(self) -> str:
        return hashlib.sha256(f"{self.name}/{self.n_train}/{self.noise}/{self.scale}".encode()).hexdigest()

    def points(self, split: str) -> Tensor:
        """(n, 2) float32, of "train", "val" or "test"."""
        n = getattr(self, f"n_{split}")
        generator = torch.Generator().manual_seed(fold_in(0, self.name, split))
        angle = math.pi * (1.5 + 3 * torch.rand(n, generator=generator))
        roll = self.scale * torch.stack([angle * angle.cos(), angle * angle.sin()], 1)
        return roll + self.noise * torch.randn(n, 2, generator=generator)

    def train_dataloader(self) -> TrainLoader:
        done = None if self.trainer is None else self._batches_done
        return TrainLoader(*self._rows("train"), self.batch_size, self.seed, done=done)

    def val_dataloader(self) -> EvalLoader:
        return EvalLoader(*self._rows("val"), self.n_val)

    def test_dataloader(self) -> EvalLoader:
        return EvalLoader(*self._rows("test"), self.n_test)

    def _rows(self, split: str) -> tuple[ResidentPoints, Tensor]:
        points = self.points(split)
        return ResidentPoints(points, None), torch.arange(len(points))

    def _batches_done(self) -> int:
        assert self.trainer is not None
        return int(self.trainer.fit_loop.epoch_loop.batch_progress.current.processed)  # type: ignore[attr-defined]
