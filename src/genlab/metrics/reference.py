"""Features and moments of real data, computed once for each (data, split, extractor, resize) and kept on disk."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, Protocol

from torch import Tensor

from genlab.metrics.cache import cached, digest
from genlab.metrics.extractors.extractor import Extractor, Report
from genlab.metrics.moments import Moments, moments
from genlab.modalities.modality import Modality

Split = Literal["train", "val", "test"]


class Data(Protocol):
    """What metrics ask of a data module."""

    name: str
    shape: tuple[int, ...]
    num_classes: int | None
    modality: Modality

    @property
    def checksum(self) -> str:
        """Names the data and its preparation."""
        ...

    def items(self, split: Split) -> tuple[Tensor, Tensor | None]:
        """((n, *shape) as they are stored, (n,) labels or None) of "train", "val" or "test"."""
        ...


class Reference:
    """Real data as an extractor sees them. Everything is computed once and read from disk afterwards.

    Args:
        extractor: prepared.
        data: where the pictures come from.
        split: which of them; of these the extractor may take a part (`reference_rows`).
        cache_dir: files are kept in its `reference` folder.
    """

    def __init__(self, extractor: Extractor, data: Data, split: Split, cache_dir: Path, report: Report = None) -> None:
        self._extractor = extractor
        self._images, self.labels = data.items(split)
        name = f"{data.name}/{split}"
        if (rows := extractor.reference_rows(data, split)) is not None:
            self._images, self.labels = self._images[rows], None if self.labels is None else self.labels[rows]
            name += f", without what {extractor.name} has learnt"
        self._report = report
        of_images = digest(self._images)
        # The checksum names the data set, the pixels what is left of it after limits on its size.
        key = digest(data.checksum, split, of_images, extractor.sha256, extractor.resize)[:16]
        self._path = Path(cache_dir) / "reference" / f"{data.name}-{split}-{extractor.name}-{key}"
        self.provenance: dict[str, Any] = {
            "reference": name, "reference_sha256": of_images, "reference_n": len(self._images)
        }  # fmt: skip

    @property
    def features(self) -> Tensor:
        """(n, d) float32, read whenever asked for: at 50,000 pictures they are too much to keep beside the samples'."""

        def make() -> dict[str, Tensor]:
            return {"features": self._extractor.features(self._images, report=self._report)}

        return cached(self._path.with_name(f"{self._path.name}.features.safetensors"), make)["features"]

    def kept(self, name: str, make: Callable[[], dict[str, Tensor]]) -> dict[str, Tensor]:
        """What `make` gives, kept under `name`: whatever a metric needs of the reference alone."""
        return cached(self._path.with_name(f"{self._path.name}.{name}.safetensors"), make)

    @cached_property
    def moments(self) -> Moments:
        """Mean and covariance of the features."""
        stored = self.kept("moments", lambda: moments(self.features)._asdict())
        return Moments(stored["mean"], stored["covariance"])
