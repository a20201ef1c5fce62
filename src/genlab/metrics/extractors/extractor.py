"""What every feature extractor is: a named network with known weights that looks at uint8 pictures."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from genlab.data.datamodule import Split
from genlab.modalities.modality import modalities

Report = Callable[[str, int, int], None] | None
"""Called with (what is done, how many are done, of how many) during the work."""


class Activations(NamedTuple):
    """What an extractor sees in pictures, on the CPU."""

    features: Tensor
    """(n, d) float32."""

    logits: Tensor | None
    """(n, classes) float32, where the network has classes."""


class Extractor(ABC):
    """A network with fixed weights. Constructing one costs nothing; `prepare` loads the weights.

    Two extractors with equal `identity` see the same, so that one of them serves both.
    """

    name: str
    """What metric names end in: `fid_<name>`."""

    resize: str
    """How pictures are brought to the size of the network; part of every score's provenance."""

    knows_classes: bool = False
    """Whether its logits are of the data set's own classes."""

    knows_attributes: bool = False
    """Whether it reads the data's own attributes in a picture."""

    colour: bool = False
    """Whether it knows colour pictures only: greyscale is repeated three times, which a suite warns of once."""

    reads_floats: bool = False
    """Whether its network takes pictures that are not rounded to whole numbers, too."""

    modality: frozenset[str] = frozenset({"image"})
    """The names of the modalities that it reads; its metrics read no others."""

    batch_size: int = 64

    def __init__(self) -> None:
        self._network: nn.Module | None = None
        self._sha256: str | None = None
        self._device = torch.device("cpu")

    @property
    @abstractmethod
    def identity(self) -> tuple[Any, ...]:
        """What decides the weights."""

    @abstractmethod
    def check(self, data: Any, report: Report = None) -> None:
        """Raises ValueError, one sentence, when `prepare` could not succeed. Fetches or trains weights."""

    @abstractmethod
    def load(self, data: Any, report: Report) -> tuple[nn.Module, str]:
        """(the network, which maps (b, 3 or c, h, w) uint8 to `Activations`; SHA-256 of its weights)."""

    def seconds_to_prepare(self, data: Any) -> float:
        """About how long `prepare` would make the weights; 0 where they are there, or are fetched."""
        return 0.0

    def reference_rows(self, data: Any, split: Split) -> Tensor | None:
        """(k,) the pictures of a split that samples are compared with, where these are not all of them."""
        return None

    def prepare(self, data: Any, device: torch.device | str = "cpu", report: Report = None) -> None:
        """Load the weights, once, and put them on `device`."""
        if self._network is None:
            with torch.random.fork_rng([]):  # building a network draws its first weights
                network, self._sha256 = self.load(data, report)
            self._network = network.eval().requires_grad_(False)
        self._network.to(device)
        self._device = torch.device(device)

    @property
    def sha256(self) -> str:
        """SHA-256 of the weights; there after `prepare`."""
        if self._sha256 is None:
            raise RuntimeError(f"the extractor {self.name} is not prepared yet")
        return self._sha256

    def provenance(self) -> dict[str, Any]:
        """What decides what it sees: for `Score.measured`."""
        return {"extractor": self.name, "extractor_sha256": self.sha256, "resize": self.resize}

    def remarks(self) -> dict[str, Any]:
        """What else a reader must know of it: for `Score.made`."""
        return {}

    @torch.no_grad()
    def __call__(self, images: Tensor, *, report: Report = None) -> Activations:
        """Activations of `images` (n, c, h, w) uint8, in batches; both kinds in one pass."""
        network = self._network
        if network is None:
            raise RuntimeError(f"the extractor {self.name} is not prepared yet")
        kinds = [kind for kind in modalities() if kind.name in self.modality]
        if not any(kind.holds(images) for kind in kinds):
            taken = " or ".join(kind.stored_as for kind in kinds)
            raise TypeError(f"the extractor {self.name} takes {taken}, got {tuple(images.shape)} {images.dtype}")
        gathering, done = Gathering(len(images)), 0
        for batch in images.split(self.batch_size):
            gathering.add(network(batch.to(self._device)))
            done += len(batch)
            if report is not None:
                report(f"{self.name} features", done, len(images))
        return gathering.result()

    def features(self, images: Tensor, *, report: Report = None) -> Tensor:
        """(n, d) float32 features of `images` (n, c, h, w) uint8."""
        return self(images, report=report).features

    @torch.no_grad()
    def features_of_floats(self, images: Tensor) -> Tensor:
        """(n, d) of `images` (n, c, h, w) in [0, 255] that are not rounded, which `reads_floats` says it takes."""
        if self._network is None or not self.reads_floats:
            raise ValueError(
                f"the extractor {self.name} reads whole numbers: choose one of the data, or efficientnet_lite0"
            )
        seen: Activations = self._network(images)
        return seen.features

    def logits(self, images: Tensor) -> Tensor | None:
        """(n, classes) float32 of `images` (n, c, h, w) uint8; None where the network has no classes."""
        return self(images).logits


class Gathering:
    """Batches of activations, written into place as they come: at 50,000 pictures a second copy would be too much."""

    def __init__(self, n: int) -> None:
        self._n = n
        self._done = 0
        self._features: Tensor | None = None
        self._logits: Tensor | None = None

    def add(self, seen: Activations) -> None:
        if self._features is None:
            self._features = torch.empty(self._n, seen.features.shape[1])
            self._logits = None if seen.logits is None else torch.empty(self._n, seen.logits.shape[1])
        rows = slice(self._done, self._done + len(seen.features))
        self._features[rows] = seen.features
        if self._logits is not None and seen.logits is not None:
            self._logits[rows] = seen.logits
        self._done = rows.stop

    def result(self) -> Activations:
        """All of them. Raises RuntimeError when some are missing."""
        if self._features is None or self._done != self._n:
            raise RuntimeError(f"{self._done} of {self._n} pictures were looked at")
        return Activations(self._features, self._logits)


def as_colour(images: Tensor) -> Tensor:
    """(b, 3, h, w): greyscale is repeated three times, transparency is refused."""
    if images.shape[1] not in (1, 3):
        raise ValueError(f"colour extractors take 1 or 3 channels; the pictures have {images.shape[1]}")
    return images.expand(-1, 3, -1, -1)
