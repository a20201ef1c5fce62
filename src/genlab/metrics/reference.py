"""Features and moments of real data, computed once for each (data, split, extractor, resize) and kept on disk."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Protocol

from torch import Tensor

from genlab.metrics.cache import cached, digest
from genlab.metrics.extractors.extractor import Extractor, Report
from genlab.metrics.moments import Moments, moments

Split = Literal["train", "val", "test"]


class Data(Protocol):
    """What metrics ask of a data module."""

    name: str
    shape: tuple[int, ...]
    num_classes: int | None

    @property
    def checksum(self) -> str:
        """Names the data and its preparation."""
        ...

    def images(self, split: Split) -> tuple[Tensor, Tensor | None]:
        """((n, channel, height, width) uint8, (n,) labels or None) of "train", "val" or "test"."""
        ...


@dataclass(frozen=True)
class Reference:
    """Real data as an extractor sees it."""

    features: Tensor
    """(n, d) float32."""

    moments: Moments
    labels: Tensor | None
    provenance: dict[str, Any]


def reference(extractor: Extractor, data: Data, split: Split, cache_dir: Path, report: Report = None) -> Reference:
    """The reference of `split`, from the cache under `cache_dir`/reference where it is there."""
    images, labels = data.images(split)
    # The checksum names the data set, the pixels what is left of it after limits on its size.
    key = digest(data.checksum, split, images, extractor.sha256, extractor.resize)
    path = Path(cache_dir) / "reference" / f"{data.name}-{split}-{extractor.name}-{key[:16]}.safetensors"

    def make() -> dict[str, Tensor]:
        features = extractor.features(images, report=report)
        mean, covariance = moments(features)
        return {"features": features, "mean": mean, "covariance": covariance}

    stored = cached(path, make)
    provenance = {"reference": f"{data.name}/{split}", "reference_sha256": digest(images), "reference_n": len(images)}
    return Reference(stored["features"], Moments(stored["mean"], stored["covariance"]), labels, provenance)
