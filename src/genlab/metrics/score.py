"""A number with all that is needed to know what it means."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Better = Literal["lower", "higher"]


@dataclass(frozen=True)
class Score:
    """One entry of a record's metrics.

    `low` and `high` bound the 95 % interval of `value`, `n` counts the items that were scored. Two scores may be ranked
    where they were measured alike, whatever was made otherwise.
    """

    value: float
    low: float
    high: float
    n: int
    unit: str
    better: Better
    measured: dict[str, Any] = field(default_factory=dict)
    """How it was measured (extractor, extractor_sha256, resize, reference, ..., every setting of the metric), which two
    scores must share to be ranked; `n`, too, where the value is biased by it."""
    made: dict[str, Any] = field(default_factory=dict)
    """How the items were made (weights, sampler, nfe, guidance, seed), which is what a comparison is about, and what
    else a reader must know of the value (interval, warning, ...)."""

    @property
    def provenance(self) -> dict[str, Any]:
        """Both in one."""
        return {**self.made, **self.measured}

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values; a number that is not finite becomes null."""
        numbers = {key: _finite(getattr(self, key)) for key in ("value", "low", "high")}
        own = {"n": self.n, "unit": self.unit, "better": self.better}
        return {**numbers, **own, "measured": dict(self.measured), "made": dict(self.made)}

    @classmethod
    def from_json(cls, entry: dict[str, Any]) -> Score:
        """The score that `to_json` wrote."""
        numbers = {key: math.nan if entry[key] is None else float(entry[key]) for key in ("value", "low", "high")}
        return cls(
            **numbers, n=entry["n"], unit=entry["unit"], better=entry["better"], measured=measured_of(entry),
            made=made_of(entry),
        )  # fmt: skip


def measured_of(entry: Mapping[str, Any]) -> dict[str, Any]:
    """How the score of an entry was measured; `entry` as in record.json's metrics, of today or of before."""
    if "provenance" not in entry:
        return dict(entry.get("measured") or {})
    before = entry["provenance"] or {}
    biased = {"n": entry.get("n")} if before.get("biased_in_n") else {}
    return biased | {key: value for key, value in before.items() if key in _ONCE_MEASURED}


def made_of(entry: Mapping[str, Any]) -> dict[str, Any]:
    """How the items of an entry were made, and what else a reader must know of its value."""
    if "provenance" not in entry:
        return dict(entry.get("made") or {})
    both = (*_ONCE_MEASURED, "biased_in_n")
    return {key: value for key, value in (entry["provenance"] or {}).items() if key not in both}


def provenance_of(entry: Mapping[str, Any]) -> dict[str, Any]:
    """Both of an entry in one."""
    return {**made_of(entry), **measured_of(entry)}


_ONCE_MEASURED = (
    "extractor", "extractor_sha256", "resize", "reference", "reference_sha256", "reference_n", "held_out",
    "held_out_n", "subsets", "subset_size", "splits", "neighbours", "threshold", "points", "scales", "window",
    "aggregation", "data_range", "likelihood", "decoder", "draws", "flow", "device", "batch_size", "distance",
    "groups", "template", "dimensions",
)  # fmt: skip
"""What was measured of the one `provenance` that scores of earlier records have. It is history: a metric says
itself what it measured, and nothing is added here."""


def _finite(number: float) -> float | None:
    return float(number) if math.isfinite(number) else None
