"""Histories made small enough for a page: as many points as a chart has room for."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from genlab.reports.curves import curves

_PARSED = 900
"""Lines of a history that are read at most, evenly spaced; lines of a validation are always read."""


def thin_history(path: Path, points: int = 150) -> dict[str, list[list[float]]]:
    """The curves of a history.jsonl as {name: [steps, values]}, at most `points` each: means of equal stretches.

    Gaps (numbers that are not finite) stay out; a line that was torn by a crash ends the history.
    """
    try:
        texts = path.read_bytes().splitlines()
    except OSError:
        return {}
    stride = max(1, len(texts) // _PARSED)
    last = len(texts) - 1
    lines: list[dict[str, Any]] = []
    for i, text in enumerate(texts):
        if i % stride == 0 or i == last or b'"val/' in text:
            try:
                lines.append(json.loads(text))
            except ValueError:
                break
    return {curve.name: thinned for curve in curves(lines) if (thinned := _thin(curve.steps, curve.values, points))[0]}


def _thin(steps: np.ndarray, values: np.ndarray, points: int) -> list[list[float]]:
    known = np.isfinite(values)
    steps, values = steps[known], values[known]
    if len(steps) > points:
        edges = np.linspace(0, len(steps), points + 1).astype(int)
        counts = np.diff(edges)
        steps = np.add.reduceat(steps, edges[:-1]) / counts
        values = np.add.reduceat(values, edges[:-1]) / counts
    return [[round(float(step), 1) for step in steps], [float(f"{value:.5g}") for value in values]]
