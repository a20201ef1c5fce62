"""What a source gives to the data module. Torch-free: a run's fingerprint needs a source's identity only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from genlab.picture_size import Size

PARTNER = "partner"
"""The attribute that a picture of one domain and its true partner in another have the same value of."""


@dataclass(frozen=True)
class Attribute:
    """Something that can be told of every picture, such as the colour of what it shows.

    names: what it can be.
    values: (n,) int64, an index into `names` for each picture.
    """

    names: tuple[str, ...]
    values: NDArray[np.int64]


@dataclass(frozen=True)
class Images:
    """Pictures of one shape, in memory or memory-mapped.

    pixels: (n, channel, height, width) uint8; of sounds, which are kept likewise, (n, 1, samples) int16 (see Sounds).
    labels: (n,) int64 classes, or None.
    class_names: a name for each class, or None.
    n_test: the last `n_test` pictures are the test split that came with the data; 0 when it has none.
    captions: n times one or more texts of what the picture shows, or None.
    others: (n, channel, height, width) uint8: a second picture for each, such as its line art, or None.
    attributes: what is known of each picture, by name, or None.
    told: names of those attributes that the first caption of a picture decides, and a sample of it must show.
    regions: (n, height, width) whether each pixel is in a region, by its name, such as the eyes, or None. The class of
        a source with regions declares their names as `regions`.
    groups: (n,) int64; pictures of one group never fall into different splits. None: every picture is its own.
    """

    pixels: NDArray[Any]
    labels: NDArray[np.int64] | None = None
    class_names: Sequence[str] | None = None
    n_test: int = 0
    groups: NDArray[np.int64] | None = None
    captions: Sequence[Sequence[str]] | None = None
    others: NDArray[np.uint8] | None = None
    attributes: Mapping[str, Attribute] | None = None
    regions: Mapping[str, NDArray[np.bool_]] | None = None
    told: frozenset[str] = frozenset()

    def __len__(self) -> int:
        return len(self.pixels)


@dataclass(frozen=True)
class Sounds:
    """Waves of one rate and length, in memory or memory-mapped.

    waves: (n, 1, samples) int16.
    labels, class_names, n_test, groups, captions: as of Images.
    """

    waves: NDArray[np.int16]
    labels: NDArray[np.int64] | None = None
    class_names: Sequence[str] | None = None
    n_test: int = 0
    groups: NDArray[np.int64] | None = None
    captions: Sequence[Sequence[str]] | None = None

    def __len__(self) -> int:
        return len(self.waves)


class SoundSource(Protocol):
    """Where sounds come from."""

    @property
    def name(self) -> str: ...

    def identity(self) -> str:
        """A digest of the data itself, known without loading (or fetching) it."""
        ...

    def load(self, rate: int, samples: int) -> Sounds:
        """The sounds with so many samples a second and in all, fetched and prepared where that has not been done."""
        ...


class Source(Protocol):
    """Where images come from."""

    @property
    def name(self) -> str: ...

    def identity(self) -> str:
        """A digest of the data itself, known without loading (or fetching) it."""
        ...

    def load(self, channels: int, size: Size) -> Images:
        """The pictures of so many channels and this size, fetched and prepared where that has not been done."""
        ...
