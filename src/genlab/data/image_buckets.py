"""The data module of pictures of several proportions: each is brought to the size that cuts the least of it away.

Paper: https://arxiv.org/abs/2307.01952 (Podell et al. 2023, section 2.3 and appendix I)
"""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from typing import Any

import numpy as np

from genlab.data.bucket_loader import BucketEvalLoader, BucketTrainLoader
from genlab.data.image_datamodule import ImageDataModule
from genlab.data.loader import TrainLoader, tell_of_unmirrored
from genlab.data.preparation import Preparation
from genlab.data.source import Images
from genlab.data.splits import Splits
from genlab.errors import listed
from genlab.picture_size import height_and_width, worded

_FEWEST = 10
"""Pictures in a bucket of which some are kept for validation and test; of fewer all are trained on."""


class ImageBuckets(ImageDataModule):
    """Pictures of a folder in buckets (`dataset.source.buckets`), one size each; each training batch is of one bucket.

    No picture is left out: the last batch of a bucket is filled up by repetition, and `counts` says of each bucket how
    many pictures it has and how many come twice in an epoch. Each bucket is split by itself: `val_size` and `test_size`
    are those of each, and `train_size` too. Validation goes through all buckets. Whatever else asks for pictures, such
    as scores and previews, gets those of the bucket of `size`, the one that the model draws by itself.

    Arguments are those of ImageDataModule.

    Raises:
        ValueError: `source` has no buckets, or `size` is none of them, or fewer than ten pictures are in its bucket.
    """

    _may_be_small = False
    """Whether it is one bucket of several, of which none need be kept for validation and test."""

    def _prepare_as(self, preparation: Preparation) -> None:
        super()._prepare_as(preparation)
        if not (sizes := getattr(self.source, "buckets", None)):
            raise ValueError("dataset=image_buckets needs sizes: dataset.source.buckets=[[64, 64], [48, 80]]")
        if height_and_width(preparation.size) not in [height_and_width(size) for size in sizes]:
            raise ValueError(
                f"dataset.size={worded(preparation.size)} must be one of dataset.source.buckets="
                f"[{', '.join(worded(size) for size in sizes)}]"
            )

    @property
    def sizes(self) -> list[tuple[int, int]]:
        """Heights and widths of the buckets: what a model must take."""
        source: Any = self.source
        return list(dict.fromkeys(height_and_width(size) for size in source.buckets))

    @cached_property
    def buckets(self) -> list[ImageBuckets]:
        """The data module of each bucket that has a picture, in the order of the sizes."""
        source: Any = self.source
        buckets = [
            self._prepared_as(replace(self.preparation, size=size)) for size in self.sizes if source.names_of(size)
        ]
        for bucket in buckets:
            bucket._may_be_small = True
        return buckets

    @property
    def counts(self) -> dict[str, Any]:
        """For the record: of each bucket, how many pictures are trained on, and how many of them twice an epoch."""
        return {
            "buckets": {
                worded(bucket.preparation.size): {"n_train": len(bucket.part("train")[1]), "repeats": loader.repeats}
                for bucket, loader in zip(self.buckets, self._train_loaders(), strict=True)
            }
        }

    @property
    def n_train(self) -> int:
        return sum(len(bucket.part("train")[1]) for bucket in self.buckets)

    @property
    def n_val(self) -> int:
        return sum(len(bucket.part("val")[1]) for bucket in self.buckets)

    @cached_property
    def _loaded(self) -> Images:
        source: Any = self.source
        n = len(source.names_of(self.preparation.size))
        if n and (self._may_be_small or n >= _FEWEST):
            images: Images = super()._loaded
            n = len(images.pixels)  # some may be unreadable
            if self._may_be_small or n >= _FEWEST:
                return images
        counted = [f"{worded(size)} with {len(source.names_of(size))}" for size in self.sizes]
        raise ValueError(
            f"dataset.size={worded(self.preparation.size)} has {n} pictures in its bucket, and {_FEWEST} are the "
            "fewest that can be divided for training and scores: choose a bucket with more "
            f"(there are {listed(counted, 9)})"
        )

    @cached_property
    def _splits(self) -> Splits:
        images = self._loaded
        if len(images.pixels) >= _FEWEST:
            return self.preparation.splits(images)
        nothing = np.zeros(0, np.int64)
        return Splits(np.arange(len(images.pixels)), nothing, nothing)

    def __getstate__(self) -> dict[str, Any]:
        return {key: value for key, value in super().__getstate__().items() if key != "buckets"}

    # ---- Lightning's side ---------------------------------------------------------------------------

    def prepare_data(self) -> None:
        _ = self._loaded
        for bucket in self.buckets:
            ImageDataModule.prepare_data(bucket)

    def train_dataloader(self) -> BucketTrainLoader:  # type: ignore[override]
        done = None if self.trainer is None else self._batches_done
        loaders = self._train_loaders()
        tell_of_unmirrored(loaders, self.n_train)
        return BucketTrainLoader(loaders, self._order_seed, done)

    def _train_loaders(self) -> list[TrainLoader]:
        return [bucket._train_loader(fill=True) for bucket in self._attached()]

    def val_dataloader(self) -> BucketEvalLoader:  # type: ignore[override]
        held_back = [bucket for bucket in self._attached() if len(bucket.part("val")[1])]
        return BucketEvalLoader([ImageDataModule.val_dataloader(bucket) for bucket in held_back])

    def _attached(self) -> list[ImageBuckets]:
        """The buckets, which are told of the trainer."""
        for bucket in self.buckets:
            bucket.trainer = self.trainer
        return self.buckets
