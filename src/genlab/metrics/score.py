"""A number with all that is needed to know what it means."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any, Literal

Better = Literal["lower", "higher"]


@dataclass(frozen=True)
class Score:
    """One entry of a record's metrics.

    `low` and `high` bound the 95 % interval of `value`, `n` counts the items that were scored, `provenance` says how
    the items were made (weights, sampler, nfe, guidance, seed) and how they were measured (extractor,
    extractor_sha256, resize, reference, reference_n, ...).
    """

    value: float
    low: float
    high: float
    n: int
    unit: str
    better: Better
    provenance: dict[str, Any] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values; a number that is not finite becomes null."""
        numbers = {key: _finite(getattr(self, key)) for key in ("value", "low", "high")}
        return {**numbers, "n": self.n, "unit": self.unit, "better": self.better, "provenance": dict(self.provenance)}

    @classmethod
    def from_json(cls, entry: dict[str, Any]) -> Score:
        """The score that `to_json` wrote."""
        numbers = {key: math.nan if entry[key] is None else float(entry[key]) for key in ("value", "low", "high")}
        return cls(
            **numbers, n=entry["n"], unit=entry["unit"], better=entry["better"], provenance=dict(entry["provenance"])
        )


def _finite(number: float) -> float | None:
    return float(number) if math.isfinite(number) else None
