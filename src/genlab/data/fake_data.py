"""Noise in place of pictures or sounds that cannot be had, to see whether everything else fits together."""

from __future__ import annotations

import hashlib
import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from pytorch_lightning import LightningDataModule

from genlab.data.fetch import DataUnavailableError
from genlab.data.image_datamodule import ImageDataModule
from genlab.data.sound_datamodule import SoundDataModule
from genlab.data.source import Images, Sounds
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
        has_captions: with a text for each.
        has_others: with a second picture for each.
        regions: the names of regions, of which each is the whole picture.
    """

    instead_of: str
    n: int
    classes: Sequence[int] | None = None
    num_classes: int | None = None
    has_captions: bool = False
    has_others: bool = False
    regions: Sequence[str] = ()

    @property
    def name(self) -> str:
        return f"noise instead of {self.instead_of}"

    def identity(self) -> str:
        return hashlib.sha256(repr(self).encode()).hexdigest()

    def load(self, channels: int, size: Size) -> Images:
        random = np.random.default_rng(0)
        shape = (self.n, channels, *height_and_width(size))
        pixels = random.integers(0, 256, shape, dtype=np.uint8)
        others = random.integers(0, 256, shape, dtype=np.uint8) if self.has_others else None
        captions = [[f"noise {i}"] for i in range(self.n)] if self.has_captions else None
        labels = class_names = None
        if self.classes is not None and self.num_classes is not None:
            labels = np.resize(np.asarray(self.classes, dtype=np.int64), self.n)
            class_names = [str(label) for label in range(self.num_classes)]
        regions = {region: np.ones((self.n, *shape[2:]), bool) for region in self.regions}
        return Images(pixels, labels, class_names, captions=captions, others=others, regions=regions)


@dataclass(frozen=True)
class SoundNoise:
    """Sounds of independent uniform numbers, always the same ones; the arguments are those of Noise."""

    instead_of: str
    n: int
    classes: Sequence[int] | None = None
    num_classes: int | None = None

    @property
    def name(self) -> str:
        return f"noise instead of {self.instead_of}"

    def identity(self) -> str:
        return hashlib.sha256(repr(self).encode()).hexdigest()

    def load(self, rate: int, samples: int) -> Sounds:
        waves = np.random.default_rng(0).integers(-8192, 8192, (self.n, 1, samples), dtype=np.int16)
        if self.classes is None or self.num_classes is None:
            return Sounds(waves)
        labels = np.resize(np.asarray(self.classes, dtype=np.int64), self.n)
        return Sounds(waves, labels, [str(label) for label in range(self.num_classes)])


def or_noise(data: LightningDataModule) -> LightningDataModule:
    """`data`, or a batch of noise for each of its splits, with a notice, where its pictures or sounds cannot be had."""
    if not isinstance(data, ImageDataModule | SoundDataModule):
        return data
    try:
        data.prepare_data()
    except DataUnavailableError as error:
        reason = str(error).splitlines()[0].removesuffix("; tried:")
        warnings.warn(f"{reason}; this trial of one batch goes on with noise of the same shape", Notice, stacklevel=2)
        n = data.batch_size
        if isinstance(data, SoundDataModule):
            return data.fed_from(SoundNoise(data.source.name, 3 * n, data.classes, data.num_classes), n)
        texts, others = (getattr(data.source, f"has_{what}", False) for what in ("captions", "others"))
        regions = tuple(getattr(data.source, "regions", ()))
        noise = Noise(data.source.name, 3 * n, data.classes, data.num_classes, texts, others, regions)
        return data.fed_from(noise, (None, n, n))
    return data
