"""Which sounds of a source are used, at which rate and length, divided how: all that decides the data. Torch-free."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from genlab.data.classes import selected
from genlab.data.source import Sounds, SoundSource
from genlab.data.splits import Splits, split

VERSION = 1
"""Raised when preparing the same files gives other waves or splits."""


@dataclass(frozen=True)
class SoundPreparation:
    """The arguments are those of `SoundDataModule`, which takes its defaults from here."""

    source: SoundSource
    rate: int
    samples: int
    val_size: float = 0.05
    test_size: float = 0.2
    classes: Sequence[int] | int | None = None

    @property
    def checksum(self) -> str:
        """SHA-256 of what decides the waves of every split. Nothing is fetched.

        Raises:
            ValueError, OSError: a folder of the user's own is not there, or nothing in it can be read.
        """
        sizes = [float(self.val_size), float(self.test_size)]
        parts: list[Any] = ["sounds", VERSION, self.source.identity(), self.rate, self.samples, *sizes]
        return hashlib.sha256(json.dumps([*parts, selected(self.classes)]).encode()).hexdigest()

    def sounds(self) -> Sounds:
        """All sounds of the source, at this rate and length."""
        return self.source.load(self.rate, self.samples)

    def splits(self, sounds: Sounds) -> Splits:
        """Which of `sounds` each split has."""
        return split(sounds, None, self.val_size, self.test_size, selected(self.classes))
