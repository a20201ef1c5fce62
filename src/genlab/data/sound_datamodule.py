"""The data module of sounds: they stay int16 in memory."""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from dataclasses import replace
from functools import cached_property
from typing import Any, Literal, Self

import torch
from torch import Tensor

from genlab.data.classes import selected
from genlab.data.items import Items
from genlab.data.resident_data import ResidentData, Split
from genlab.data.sound_preparation import SoundPreparation
from genlab.data.source import Sounds, SoundSource
from genlab.data.splits import Splits
from genlab.modalities.audio import Audio
from genlab.ranges import Fraction, NonNegativeInt, PositiveInt, Seed


class SoundDataModule(ResidentData):
    """Sounds of one rate and length, mono, all in memory: (1, samples) in [-1, 1] to a model.

    Args:
        source: where the sounds come from.
        rate: samples a second; what was recorded at another is resampled once.
        samples: of a clip.
        num_classes: classes of the labels; None leaves the labels away.
        batch_size: clips in a training batch, over all devices together.
        eval_batch_size: at most so many in a batch of validation and test.
        val_size: clips for validation: a number (1 or more) or a fraction (below 1).
        test_size: likewise for testing.
        classes: the labels (or the one label) whose clips are used; None takes all. Labels stay as they are.
        seed: of the training order. The splits do not depend on it.
        resident_on: "device" keeps the clips on the training device when they take less than a quarter of its free
            memory, "cpu" in main memory.
    """

    identified_by = SoundPreparation

    def __init__(
        self, source: SoundSource, rate: PositiveInt, samples: PositiveInt, num_classes: PositiveInt | None,
        batch_size: PositiveInt, eval_batch_size: PositiveInt = 64,
        val_size: PositiveInt | Fraction = SoundPreparation.val_size,
        test_size: PositiveInt | Fraction = SoundPreparation.test_size,
        classes: Sequence[NonNegativeInt] | NonNegativeInt | None = SoundPreparation.classes,
        seed: Seed = 0, resident_on: Literal["cpu", "device"] = "device",
    ) -> None:  # fmt: skip
        super().__init__(batch_size, eval_batch_size, seed, False, resident_on)
        self.num_classes = num_classes
        self.modality = Audio(rate)
        self._prepare_as(SoundPreparation(source, rate, samples, val_size, test_size, classes))

    def _prepare_as(self, preparation: SoundPreparation) -> None:
        self.preparation = preparation
        self.source, self.name = preparation.source, preparation.source.name
        self.__dict__ = self.__getstate__()  # nothing of another preparation stays behind

    def _prepared_as(self, preparation: SoundPreparation) -> Self:
        other = copy(self)
        other._prepare_as(preparation)
        return other

    # ---- what the data is ---------------------------------------------------------------------------

    @cached_property
    def shape(self) -> tuple[int, ...]:
        """One channel, and samples."""
        return 1, self.preparation.samples

    @cached_property
    def checksum(self) -> str:
        """SHA-256 of what decides the waves and their splits."""
        return self.preparation.checksum

    @property
    def classes(self) -> list[int] | None:
        """The labels that occur, where labels are used."""
        chosen = selected(self.preparation.classes)
        return super().classes if self.num_classes is None or chosen is None else chosen

    @property
    def whole(self) -> SoundDataModule:
        """The same data with all their classes: what metrics learn, they learn from these."""
        if self.preparation.classes is None:
            return self
        return self._prepared_as(replace(self.preparation, classes=None))

    def fed_from(self, source: SoundSource, n: int) -> SoundDataModule:
        """The same batches from other sounds, `n` of them in validation and in test."""
        return self._prepared_as(replace(self.preparation, source=source, val_size=n, test_size=n))

    @property
    def class_names(self) -> list[str] | None:  # type: ignore[override]
        """A name for each class, where labels are used."""
        names = self._sounds.class_names
        return None if self.num_classes is None or names is None else list(names)

    def part(self, split: Split) -> tuple[Items, Tensor]:
        """All clips, which the splits share, and the rows of them that are this one."""
        return self._items, torch.from_numpy(getattr(self._splits, split))

    @cached_property
    def _sounds(self) -> Sounds:
        sounds = self.preparation.sounds()
        if self.num_classes is None:
            return sounds
        if sounds.labels is None:
            why = getattr(self.source, "why_unlabelled", None) or "set it to null"
            raise ValueError(f"dataset.num_classes={self.num_classes}, but {self.name} has no labels: {why}")
        n_classes = len(sounds.class_names or ())
        if n_classes != self.num_classes:
            raise ValueError(f"dataset.num_classes={self.num_classes}, but {self.name} has {n_classes} classes")
        return sounds

    @cached_property
    def _splits(self) -> Splits:
        return self.preparation.splits(self._sounds)

    @cached_property
    def _items(self) -> Items:
        labels = None if self.num_classes is None else self._sounds.labels
        return Items(torch.from_numpy(self._sounds.waves), None if labels is None else torch.from_numpy(labels))

    def __getstate__(self) -> dict[str, Any]:
        """Without the waves, and what is known of them: another process maps the same file."""
        held = ("_sounds", "_splits", "_items", "checksum", "shape")
        return {key: value for key, value in super().__getstate__().items() if key not in held}

    # ---- Lightning's side ---------------------------------------------------------------------------

    def prepare_data(self) -> None:
        """Fetch and convert, on one process; the others find the result."""
        _ = self._sounds
