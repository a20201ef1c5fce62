"""How two models' scores differ, and whether by more than chance."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, NamedTuple

from genlab.metrics.compare import differences
from genlab.metrics.score import Score

Verdict = Literal["a", "b", "tie", "not comparable"]


class Difference(NamedTuple):
    """One metric of two models, A and B."""

    name: str
    a: Score
    b: Score
    value: float
    """A - B, with its 95 % interval."""

    low: float
    high: float
    verdict: Verdict
    """Which is better; a tie where the interval holds zero."""

    reasons: list[str]
    """What differs in how the two were measured."""


def compared(a: Mapping[str, Score], b: Mapping[str, Score]) -> list[Difference]:
    """Every metric that both have, in the order of `a`.

    The interval joins both scores' own as if their samples were independent. With shared noise they are mostly drawn
    alike, so it is wide rather than narrow.
    """
    return [_difference(name, score, b[name]) for name, score in a.items() if name in b]


def _difference(name: str, a: Score, b: Score) -> Difference:
    value = a.value - b.value
    low = value - ((a.value - a.low) ** 2 + (b.high - b.value) ** 2) ** 0.5
    high = value + ((a.high - a.value) ** 2 + (b.value - b.low) ** 2) ** 0.5
    reasons = differences(a, b)
    return Difference(name, a, b, value, low, high, _verdict(a.better, low, high, reasons), reasons)


def _verdict(better: str, low: float, high: float, reasons: list[str]) -> Verdict:
    if reasons:
        return "not comparable"
    if not (low > 0 or high < 0):  # not-a-number decides nothing
        return "tie"
    return "a" if (high < 0) == (better == "lower") else "b"
