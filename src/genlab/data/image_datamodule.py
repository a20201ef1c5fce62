"""The data module of pictures: they stay uint8 in memory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import replace
from functools import cached_property
from typing import Any, Literal, Self

import torch
from torch import Tensor

from genlab.data.classes import selected
from genlab.data.items import Items
from genlab.data.preparation import Preparation
from genlab.data.region_weights import pixel_weights
from genlab.data.resident_data import ResidentData, Split
from genlab.data.source import Attribute, Images, Source
from genlab.data.splits import Splits
from genlab.picture_size import Size, height_and_width
from genlab.ranges import Fraction, NonNegativeInt, PositiveFloat, PositiveInt, Seed


class ImageDataModule(ResidentData):
    """Pictures of one size, all in memory.

    Args:
        source: where the pictures come from.
        channels: 1 (grey) or 3 (colour).
        size: in pixels: one number for squares, or height and width.
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
        region_weights: what the error in a region of the pictures counts in a denoiser's training, by the region's
            name; 1 elsewhere, and where regions overlap the largest. The mean over a picture is not divided by their
            sum. See data.region_weights. None: all counts the same, as it does in validation whatever this is.
    """

    identified_by = Preparation

    def __init__(
        self, source: Source, channels: PositiveInt, size: Size, num_classes: PositiveInt | None,
        batch_size: PositiveInt, eval_batch_size: PositiveInt = 256,
        train_size: PositiveInt | None = Preparation.train_size,
        val_size: PositiveInt | Fraction = Preparation.val_size,
        test_size: PositiveInt | Fraction | None = Preparation.test_size,
        classes: Sequence[NonNegativeInt] | NonNegativeInt | None = Preparation.classes,
        binarize: Literal["stochastic", "threshold"] | None = Preparation.binarize,
        flip: bool = False, seed: Seed = 0, resident_on: Literal["cpu", "device"] = "device",
        region_weights: Mapping[str, PositiveFloat] | None = None,
    ) -> None:  # fmt: skip
        super().__init__(batch_size, eval_batch_size, seed, flip, resident_on)
        self.num_classes = num_classes
        self._region_weights = {
            region: weight for region, weight in (region_weights or {}).items() if weight is not None
        }
        self._prepare_as(Preparation(source, channels, size, train_size, val_size, test_size, classes, binarize))

    def _prepare_as(self, preparation: Preparation) -> None:
        self.preparation = preparation
        self.source, self.name = preparation.source, preparation.source.name
        self.__dict__ = self.__getstate__()  # nothing of another preparation stays behind

    # ---- what the data is ---------------------------------------------------------------------------

    @cached_property
    def shape(self) -> tuple[int, ...]:
        """Channels, height and width."""
        return self.preparation.channels, *height_and_width(self.preparation.size)

    @cached_property
    def checksum(self) -> str:
        """SHA-256 of what decides the pictures and their splits: the data's own digest and the preparation."""
        return self.preparation.checksum

    @property
    def classes(self) -> list[int] | None:
        """The labels that occur, where labels are used."""
        chosen = selected(self.preparation.classes)
        return super().classes if self.num_classes is None or chosen is None else chosen

    @property
    def whole(self) -> ImageDataModule:
        """The same data with all their classes and training pictures: what metrics learn, they learn from these."""
        if self.preparation.classes is None and self.preparation.train_size is None:
            return self
        return self._prepared_as(replace(self.preparation, classes=None, train_size=None))

    def fed_from(self, source: Source, sizes: tuple[int | None, float, float | None]) -> ImageDataModule:
        """The same batches from other pictures; `sizes` are its `train_size`, `val_size` and `test_size`."""
        train, val, test = sizes
        return self._prepared_as(
            replace(self.preparation, source=source, train_size=train, val_size=val, test_size=test)
        )

    def _prepared_as(self, preparation: Preparation) -> Self:
        other = copy(self)
        other._prepare_as(preparation)
        return other

    @property
    def class_names(self) -> list[str] | None:  # type: ignore[override]
        """A name for each class, where labels are used."""
        names = self._images.class_names
        return None if self.num_classes is None or names is None else list(names)

    def part(self, split: Split) -> tuple[Items, Tensor]:
        """All pictures, which the splits share, and the rows of them that are this one."""
        return self._items, torch.from_numpy(getattr(self._splits, split))

    def attributes(self, split: Split) -> dict[str, Attribute]:
        """What is known of each picture of a split, by name, where the data say so."""
        rows = getattr(self._splits, split)
        known = self._images.attributes or {}
        return {name: Attribute(each.names, each.values[rows]) for name, each in known.items()}

    @property
    def told(self) -> frozenset[str]:
        return self._images.told

    @cached_property
    def _images(self) -> Images:
        images = self.preparation.images()
        self._check_classes(images)
        return images

    def _check_classes(self, images: Images) -> None:
        if self.num_classes is None:
            return
        if images.labels is None:
            why = getattr(self.source, "why_unlabelled", None) or "set it to null"
            raise ValueError(f"dataset.num_classes={self.num_classes}, but {self.name} has no labels: {why}")
        n_classes = len(images.class_names) if images.class_names is not None else int(images.labels.max()) + 1
        if n_classes != self.num_classes:
            raise ValueError(f"dataset.num_classes={self.num_classes}, but {self.name} has {n_classes} classes")

    @cached_property
    def _splits(self) -> Splits:
        return self.preparation.splits(self._images)

    @cached_property
    def _items(self) -> Items:
        images = self._images
        labels = None if self.num_classes is None or images.labels is None else torch.from_numpy(images.labels)
        others = None if images.others is None else torch.from_numpy(images.others)
        weights = None
        if self._region_weights:
            weights = pixel_weights(images.regions or {}, self._region_weights, self.name)
        return Items(torch.from_numpy(images.pixels), labels, images.captions, others, weights)

    def __getstate__(self) -> dict[str, Any]:
        """Without the pictures, and what is known of them: another process maps the same file."""
        held = ("_images", "_splits", "_items", "checksum", "shape")
        return {key: value for key, value in super().__getstate__().items() if key not in held}

    # ---- Lightning's side ---------------------------------------------------------------------------

    def prepare_data(self) -> None:
        """Fetch and convert, on one process; the others find the result."""
        _ = self._images
