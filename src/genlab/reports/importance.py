"""How much of a metric's variance each swept key explains."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

_MAX_LEVELS = 5
"""Numeric keys with more values are cut into this many groups of about equal size."""


def importance(settings: Sequence[Sequence[str]], values: Sequence[float]) -> list[float | None]:
    """The share of the variance of `values` that only one key explains, for each key: semi-partial omega squared.

    The metric is fitted by a sum of effects, one for each level of each key. The share of a key with k levels is
    (SS - df MSE) / SS_total, cut to [0, 1], where SS is what the fit loses without the key, df the degrees of
    freedom that it frees and MSE the error of the whole fit: 0 on average for a key that does nothing. Keys that
    were always varied together explain nothing that the other does not; interactions count as error.

    Args:
        settings: (runs, keys), the keys' values as text.
        values: (runs,) the metric, finite.

    Returns:
        A number a key; None for a key with one level, and for all where there are too few runs to tell.
    """
    n, y = len(values), np.asarray(values, dtype=float)
    if n < 3 or not settings[0]:
        return [None] * (len(settings[0]) if n else 0)
    blocks = [_indicators(_levels([row[k] for row in settings])) for k in range(len(settings[0]))]
    total = float(((y - y.mean()) ** 2).sum())
    error, rank = _fit(blocks, y)
    if n <= rank or total <= 1e-30:
        return [None] * len(blocks)
    shares: list[float | None] = []
    for k, block in enumerate(blocks):
        if block.shape[1] < 2:
            shares.append(None)
            continue
        without, rank_without = _fit(blocks[:k] + blocks[k + 1 :], y)
        share = (without - error - (rank - rank_without) * error / (n - rank)) / total
        shares.append(min(1.0, max(0.0, share)))
    return shares


def _fit(blocks: Sequence[NDArray[np.float64]], y: NDArray[np.float64]) -> tuple[float, int]:
    """The sum of squared errors of the fit by the blocks' columns and a constant, and its rank."""
    design = np.column_stack([np.ones(len(y)), *blocks])
    solution, _, rank, _ = np.linalg.lstsq(design, y, rcond=None)
    return float(((y - design @ solution) ** 2).sum()), int(rank)


def _indicators(levels: Sequence[int | str]) -> NDArray[np.float64]:
    """(runs, levels) of zeros and ones."""
    kinds = list(dict.fromkeys(levels))
    return np.asarray([[float(level == kind) for kind in kinds] for level in levels])


def _levels(settings: Sequence[str]) -> list[int | str]:
    numbers = [_number(text) for text in settings]
    if len(set(settings)) <= _MAX_LEVELS or any(number is None for number in numbers):
        return list(settings)
    array = np.asarray(numbers, dtype=float)
    edges = np.quantile(array, np.linspace(0, 1, _MAX_LEVELS + 1)[1:-1])
    return [int(level) for level in np.searchsorted(edges, array, side="right")]


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) else None
