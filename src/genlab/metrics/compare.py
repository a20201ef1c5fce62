"""Which scores may be ranked against each other, and which differences are more than chance."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from genlab.metrics.score import Score, measured_of


def how_measured(entry: Mapping[str, Any]) -> dict[str, Any]:
    """What two scores must share to be ranked; `entry` as in record.json's metrics.

    This alone decides, for every table and for every comparison, whether the number of items counts.
    """
    own = {key: entry.get(key) for key in ("unit", "better")}
    return {**own, **{key: value for key, value in measured_of(entry).items() if value is not None}}


def differences(a: Score, b: Score) -> list[str]:
    """Why `a` and `b` may not be ranked: what of their measurement differs; empty when they may."""
    one, other = how_measured(a.to_json()), how_measured(b.to_json())
    return [key for key in dict.fromkeys([*one, *other]) if one.get(key) != other.get(key)]


def comparable(a: Score, b: Score) -> bool:
    """Whether `a` and `b` were measured in the same way."""
    return not differences(a, b)


def tied(a: Score, b: Score) -> bool:
    """Whether their intervals overlap. Raises ValueError when they are not comparable."""
    if reasons := differences(a, b):
        raise ValueError(f"these scores are not comparable: they differ in {', '.join(reasons)}")
    return a.low <= b.high and b.low <= a.high


def best(scores: Sequence[Score]) -> list[int]:
    """The positions of the best of comparable scores: all whose interval overlaps that of the best value.

    Not-a-number is never best. Raises ValueError when two of them are not comparable.
    """
    valid = [i for i, score in enumerate(scores) if score.value == score.value]
    if not valid:
        return []
    sign = 1 if scores[valid[0]].better == "lower" else -1
    first = min(valid, key=lambda i: sign * scores[i].value)
    return [i for i in valid if tied(scores[i], scores[first])]


def groups(scores: Mapping[str, Score]) -> list[list[str]]:
    """The keys of `scores` in groups that may be ranked within, largest group first, in the order given."""
    alike: list[list[str]] = []
    for key, score in scores.items():
        for group in alike:
            if comparable(scores[group[0]], score):
                group.append(key)
                break
        else:
            alike.append([key])
    return sorted(alike, key=len, reverse=True)


def footnotes(scores: Mapping[str, Score]) -> dict[str, str]:
    """For every key outside the largest comparable group, one sentence that says what differs from that group."""
    first, *others = groups(scores) or [[]]
    notes = {}
    for key in (key for group in others for key in group):
        reasons = differences(scores[first[0]], scores[key])
        notes[key] = f"not ranked: measured with another {', '.join(reasons)}"
    return notes
