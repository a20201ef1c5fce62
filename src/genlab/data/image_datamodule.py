"""The data module: pictures stay uint8 in memory, a batch is an index and one scale."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from copy import copy
from dataclasses import replace
from functools import cached_property
from typing import Any, Literal

import pytorch_lightning as pl
import torch
from torch import Tensor

from genlab.data.binary import Binarize, binarized
from genlab.data.catalog import preparation_checksum
from genlab.data.classes import selected
from genlab.data.loader import EvalLoader, Resident, Shard, TrainLoader
from genlab.data.source import Images, Source
from genlab.data.splits import Splits, split
from genlab.notice import Notice
from genlab.ranges import Fraction, NonNegativeInt, PositiveInt, Seed

Split = Literal["train", "val", "test"]


class ImageDataModule(pl.LightningDataModule):
    """Pictures of one size, all in memory.

    Args:
        source: where the pictures come from.
        channels: 1 (grey) or 3 (colour).
        size: height and width in pixels.
        num_classes: classes of the labels; None leaves the labels away.
        batch_size: pictures in a training batch, over all devices together.
        eval_batch_size: at most so many in a batch of validation and test.
        train_size: so many of the training pictures are used; None takes all.
        val_size: pictures for validation: a number (1 or more) or a fraction (below 1).
        test_size: likewise for testing; None takes the test split that came with the data.
        classes: the labels (or the one label) whose pictures are used; None takes all. Labels stay as they are.
        binarize: make pixels black or white: "threshold" at middle grey, "stochastic" white with probability
            grey / 255, drawn once (see data.binary). None leaves them.
        flip: mirror half of the training pictures left to right, others in every epoch.
        seed: of the training order and the flips. The splits do not depend on it.
        resident_on: "device" keeps the pictures on the training device when they take less than a quarter of its
            free memory, "cpu" in main memory.
    """

    def __init__(
        self, source: Source, channels: PositiveInt, size: PositiveInt, num_classes: PositiveInt | None,
        batch_size: PositiveInt, eval_batch_size: PositiveInt = 256, train_size: PositiveInt | None = None,
        val_size: PositiveInt | Fraction = 0.1, test_size: PositiveInt | Fraction | None = None,
        classes: Sequence[NonNegativeInt] | NonNegativeInt | None = None,
        binarize: Literal["stochastic", "threshold"] | None = None,
        flip: bool = False, seed: Seed = 0, resident_on: Literal["cpu", "device"] = "device",
    ) -> None:  # fmt: skip
        super().__init__()
        self.source = source
        self.name = source.name
        self.shape = (channels, size, size)
        self.num_classes = num_classes
        self.batch_size = batch_size
        self.eval_batch_size = eval_batch_size
        self.seed = seed
        self._sizes = (train_size, val_size, test_size)
        self._classes = selected(classes)
        self._binarize: Binarize | None = binarize
        self._flip = flip
        self._resident_on = resident_on
        self._copy: Resident | None = None  # on the training device

    # ---- what the data is ---------------------------------------------------------------------------

    @cached_property
    def checksum(self) -> str:
        """SHA-256 of what decides the pictures and their splits: the data's own digest and the preparation."""
        channels, size, _ = self.shape
        views = self._classes, self._binarize
        return preparation_checksum(self.source.identity(), channels, size, *self._sizes, *views)

    @property
    def classes(self) -> list[int] | None:
        """The labels that occur, where labels are used."""
        if self.num_classes is None:
            return None
        return list(range(self.num_classes)) if self._classes is None else self._classes

    @property
    def whole(self) -> ImageDataModule:
        """The same data with all their classes and training pictures: what metrics learn, they learn from these."""
        if self._classes is None and self._sizes[0] is None:
            return self
        other = copy(self)
        other._classes, other._sizes = None, (None, *self._sizes[1:])
        other.__dict__.pop("checksum", None)
        return other

    def fed_from(self, source: Source, sizes: tuple[int | None, float, float | None]) -> ImageDataModule:
        """The same batches from other pictures; `sizes` are its `train_size`, `val_size` and `test_size`."""
        other = copy(self)
        other.source, other.name, other._sizes = source, source.name, sizes
        other.__dict__.pop("checksum", None)
        return other

    @property
    def class_names(self) -> list[str] | None:
        """A name for each class, where labels are used."""
        names = self._images.class_names
        return None if self.num_classes is None or names is None else list(names)

    @property
    def untrained_classes(self) -> list[str]:
        """The classes that occur, or should, and have no picture in the training split; by name where they have one."""
        labels, names = self._resident.labels, self.class_names
        if labels is None or self.num_classes is None:
            return []
        seen = set(labels[torch.from_numpy(self._splits.train)].unique().tolist())
        return [names[c] if names else str(c) for c in self.classes or [] if c not in seen]

    @property
    def n_train(self) -> int:
        return len(self._splits.train)

    @property
    def n_val(self) -> int:
        return len(self._splits.val)

    @property
    def n_test(self) -> int:
        return len(self._splits.test)

    def images(self, split: Split) -> tuple[Tensor, Tensor | None]:
        """The pictures of a split: (n, channel, height, width) uint8, their labels (n,) int64 or None; on the CPU."""
        rows = torch.from_numpy(getattr(self._splits, split))
        data = self._resident
        return data.pixels[rows], None if data.labels is None else data.labels[rows]

    @cached_property
    def _images(self) -> Images:
        channels, size, _ = self.shape
        images = self.source.load(channels, size)
        self._check_classes(images)
        if self._binarize is not None:
            images = replace(images, pixels=binarized(images.pixels, self._binarize))
        return images

    def _check_classes(self, images: Images) -> None:
        if self.num_classes is None:
            return
        if images.labels is None:
            why = getattr(self.source, "why_unlabelled", None) or "set it to null"
            raise ValueError(f"dataset.num_classes={self.num_classes}, but {self.name} has no labels: {why}")
        found = len(images.class_names) if images.class_names is not None else int(images.labels.max()) + 1
        if found != self.num_classes:
            raise ValueError(f"dataset.num_classes={self.num_classes}, but {self.name} has {found} classes")

    @cached_property
    def _splits(self) -> Splits:
        return split(self._images, *self._sizes, self._classes)

    @cached_property
    def _resident(self) -> Resident:
        labels = None if self.num_classes is None else self._images.labels
        return Resident(torch.from_numpy(self._images.pixels), None if labels is None else torch.from_numpy(labels))

    def __getstate__(self) -> dict[str, Any]:
        """Without the pictures: another process maps the same file."""
        held = ("_images", "_splits", "_resident")
        return {key: value for key, value in self.__dict__.items() if key not in held} | {"_copy": None}

    # ---- Lightning's side ---------------------------------------------------------------------------

    def prepare_data(self) -> None:
        """Fetch and convert, on one process; the others find the result."""
        _ = self._images

    def train_dataloader(self) -> TrainLoader:
        overfit = self.trainer is not None and self.trainer.overfit_batches > 0  # type: ignore[attr-defined]
        seed = None if overfit else self.seed
        rows = torch.from_numpy(self._splits.train)
        done = None if self.trainer is None else self._batches_done
        return TrainLoader(self._placed(), rows, self.batch_size, seed, self._flip, self._shard(), done)

    def val_dataloader(self) -> EvalLoader:
        return self._evaluation(self._splits.val)

    def test_dataloader(self) -> EvalLoader:
        return self._evaluation(self._splits.test)

    def _evaluation(self, rows: object) -> EvalLoader:
        return EvalLoader(self._placed(), torch.as_tensor(rows), self.eval_batch_size, self._shard())

    def _batches_done(self) -> int:
        """Lightning's own count of this epoch's batches whose step was taken."""
        assert self.trainer is not None
        return int(self.trainer.fit_loop.epoch_loop.batch_progress.current.processed)  # type: ignore[attr-defined]

    def _shard(self) -> Shard:
        return Shard() if self.trainer is None else Shard(self.trainer.global_rank, self.trainer.world_size)

    def _placed(self) -> Resident:
        """The pictures where batches are made."""
        device = torch.device("cpu") if self.trainer is None else self.trainer.strategy.root_device
        data = self._resident
        if self._resident_on == "cpu" or device.type == "cpu":
            return data
        if self._copy is not None and self._copy.pixels.device == device:
            return self._copy
        if device.type == "cuda" and data.pixels.nbytes > torch.cuda.mem_get_info(device)[0] / 4:
            note = f"{self.name} takes more than a quarter of the free memory of {device}; it stays in main memory"
            warnings.warn(note, Notice, stacklevel=2)
            return data
        self._copy = Resident(data.pixels.to(device), None if data.labels is None else data.labels.to(device))
        return self._copy
