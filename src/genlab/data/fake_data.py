"""Noise in place of pictures that cannot be had, to see whether everything else fits together."""

from __future__ import annotations

import hashlib
import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from pytorch_lightning import LightningDataModule

from genlab.data.fetch import DataUnavailableError
from genlab.data.image_datamodule import ImageDataModule
from genlab.data.source import Images
from genlab.notice import Notice
from genlab.picture_size import Size, height_and_width


@dataclass(frozen=True)
class Noise:
    """Pictures of independent uniform pixels, always the same ones.

    Args:
        instead_of: the name of the data that they stand in for.
        n: how many.
        classes: the labels that occur, in turn; None leaves the labels away.
        num_classes: how many labels there are; None leaves their names away.
    """

    instead_of: str
    n: int
    classes: Sequence[int] | None = None
    num_classes: int | None = None

    @property
    def name(self) -> str:
        return f"noise instead of {self.instead_of}"

    def identity(self) -> str:
        return hashlib.sha256(repr(self).encode()).hexdigest()

    def load(self, channels: int, size: Size) -> Images:
        pixels = np.random.default_rng(0).integers(0, 256, (self.n, channels, *height_and_width(size)), dtype=np.uint8)
        if self.classes is None or self.num_classes is None:
            return Images(pixels)
        labels = np.resize(np.asarray(self.classes, dtype=np.int64), self.n)
        return Images(pixels, labels, [str(label) for label in range(self.num_classes)])


def or_noise(data: LightningDataModule) -> LightningDataModule:
    """`data`, or a batch of noise for each of its splits, with a notice, where its pictures cannot be had."""
    if not isinstance(data, ImageDataModule):
        return data
    try:
        data.prepare_data()
    except DataUnavailableError as error:
        reason = str(error).splitlines()[0].removesuffix("; tried:")
        warnings.warn(f"{reason}; this trial of one batch goes on with noise of the same shape", Notice, stacklevel=2)
        n = data.batch_size
        return data.fed_from(Noise(data.source.name, 3 * n, data.classes, data.num_classes), (None, n, n))
    return data
