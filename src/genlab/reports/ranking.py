"""Who is best, without claiming more than the numbers say.

Two scores are compared only when they were measured alike (same extractor, reference, number of items, ...); among
those, every score whose interval overlaps the interval of the best is a tie.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from genlab.metrics.compare import how_measured

Scores = Sequence[Mapping[str, Any] | None]
"""One metric of several runs, as the entries of record.json's "metrics"; None where a run has none."""


@dataclass
class Ranking:
    """What may be said of one metric over several runs."""

    best: set[int] = field(default_factory=set)
    """Indices of the best scores, ties included, of the largest group of comparable scores, when it is two or more."""
    mark: dict[int, int] = field(default_factory=dict)
    """Index -> number of its footnote, for scores that were not measured like most others."""
    notes: list[str] = field(default_factory=list)
    """Text of footnote 1, 2, ...: how the scores it marks were measured."""


def rank(scores: Scores) -> Ranking:
    """Best values and footnotes of one metric. Scores that are missing or not finite are left out."""
    measured = {i: measured_alike(score) for i, score in enumerate(scores) if number(score, "value") is not None}
    ranking = Ranking()
    groups = [group for group, _ in Counter(measured.values()).most_common()]
    for k, group in enumerate(groups):
        members = [i for i, other in measured.items() if other == group]
        if k == 0 and len(members) > 1:
            ranking.best = _best(scores, members)
        if k > 0:
            ranking.notes.append(_difference(dict(group), dict(groups[0])))
            ranking.mark |= dict.fromkeys(members, k)
    return ranking


def number(score: Mapping[str, Any] | None, part: str) -> float | None:
    """A finite number of a score's entry: "value", "low" or "high"."""
    value = (score or {}).get(part)
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return float(value)


def interval(score: Mapping[str, Any] | None) -> tuple[float, float] | None:
    """The interval of a score, when both its ends are known."""
    low, high = number(score, "low"), number(score, "high")
    return None if low is None or high is None else (low, high)


def metric_names(records: Sequence[Mapping[str, Any]]) -> list[str]:
    """The metrics of the records, in the order of their first appearance."""
    return list(dict.fromkeys(name for record in records for name in record.get("metrics") or {}))


def _best(scores: Scores, members: list[int]) -> set[int]:
    sign = -1 if (scores[members[0]] or {}).get("better") == "higher" else 1
    first = min(members, key=lambda i: sign * _value(scores[i]))
    low, high = interval(scores[first]) or (_value(scores[first]),) * 2
    ties = set()
    for i in members:
        its_low, its_high = interval(scores[i]) or (_value(scores[i]),) * 2
        if its_low <= high and low <= its_high:
            ties.add(i)
    return ties


def _value(score: Mapping[str, Any] | None) -> float:
    value = number(score, "value")
    assert value is not None, "only scores with a value are ranked"
    return value


def measured_alike(score: Mapping[str, Any] | None) -> tuple[tuple[str, str], ...]:
    """What two scores must share to be compared, hashable: how they were measured."""
    return tuple(sorted((key, str(value)) for key, value in how_measured(score or {}).items()))


def _difference(this: dict[str, str], main: dict[str, str]) -> str:
    """ "n 500 instead of 2000, extractor inception instead of digits"."""
    keys = [key for key in sorted(this.keys() | main.keys()) if this.get(key) != main.get(key)]
    texts = [f"{key} {_shown(this.get(key))} instead of {_shown(main.get(key))}" for key in keys]
    return "measured otherwise and not ranked with the rest: " + ", ".join(texts)


def _shown(value: str | None) -> str:
    if value is None or value == "None":
        return "unknown"
    return value if len(value) <= 24 else value[:12] + "…"
