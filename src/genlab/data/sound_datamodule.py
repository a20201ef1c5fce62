"""The data module of sounds: they stay int16 in memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from typing import Literal

import torch

from genlab.data.items import Items
from genlab.data.prepared_data import PreparedData
from genlab.data.sound_preparation import SoundPreparation
from genlab.data.source import Sounds, SoundSource
from genlab.modalities.audio import Audio
from genlab.ranges import Fraction, NonNegativeInt, PositiveInt, Seed


class SoundDataModule(PreparedData):
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
    preparation: SoundPreparation

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

    # ---- what the data is ---------------------------------------------------------------------------

    @cached_property
    def shape(self) -> tuple[int, ...]:
        """One channel, and samples."""
        return 1, self.preparation.samples

    @property
    def whole(self) -> SoundDataModule:
        """The same data with all their classes: what metrics learn, they learn from these."""
        if self.preparation.classes is None:
            return self
        return self._prepared_as(replace(self.preparation, classes=None))

    def fed_from(self, source: SoundSource, n: int) -> SoundDataModule:
        """The same batches from other sounds, `n` of them in validation and in test."""
        return self._prepared_as(replace(self.preparation, source=source, val_size=n, test_size=n))

    def _load(self) -> Sounds:
        return self.preparation.sounds()

    @cached_property
    def _items(self) -> Items:
        return Items(torch.from_numpy(self._loaded.waves), self._label_tensor)
