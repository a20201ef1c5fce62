"""The data module of pictures: they stay uint8 in memory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Literal

import torch

from genlab.data.items import Items
from genlab.data.preparation import Preparation
from genlab.data.prepared_data import PreparedData
from genlab.data.region_weights import pixel_weights
from genlab.data.resident_data import Split
from genlab.data.source import Attribute, Images, Source
from genlab.picture_size import Size, height_and_width
from genlab.ranges import Fraction, NonNegativeInt, PositiveFloat, PositiveInt, Seed


class ImageDataModule(PreparedData):
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
    preparation: Preparation

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

    # ---- what the data is ---------------------------------------------------------------------------

    @cached_property
    def shape(self) -> tuple[int, ...]:
        """Channels, height and width."""
        return self.preparation.channels, *height_and_width(self.preparation.size)

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

    def attributes(self, split: Split) -> dict[str, Attribute]:
        """What is known of each picture of a split, by name, where the data say so."""
        rows = getattr(self._splits, split)
        known = self._loaded.attributes or {}
        return {name: Attribute(each.names, each.values[rows]) for name, each in known.items()}

    @property
    def told(self) -> frozenset[str]:
        images: Images = self._loaded
        return images.told

    def _load(self) -> Images:
        return self.preparation.images()

    @cached_property
    def _items(self) -> Items:
        images: Images = self._loaded
        others = None if images.others is None else torch.from_numpy(images.others)
        weights = None
        if self._region_weights:
            weights = pixel_weights(images.regions or {}, self._region_weights, self.name)
        return Items(torch.from_numpy(images.pixels), self._label_tensor, images.captions, others, weights)
