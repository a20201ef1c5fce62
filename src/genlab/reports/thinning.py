"""Histories made small enough for a page: as many points as a chart has room for."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from genlab.reports.curves import curves

_PARSED = 400
"""Lines of a history that are read at most, evenly spaced; lines of a validation are always read."""


def thin_history(path: Path, points: int = 150) -> dict[str, list[list[float]]]:
    """The curves of a history.jsonl as {name: [steps, values]}, at most `points` each: means of equal stretches.

    Gaps (numbers that are not finite) stay out; a line that was torn by a crash ends the history.
    """
    try:
        texts = path.read_bytes().splitlines()
    except OSError:
        return {}
    stride, last = max(1, len(texts) // _PARSED), len(texts) - 1
    chosen = [text for i, text in enumerate(texts) if i % stride == 0 or i == last or b'"val/' in text]
    return {
        curve.name: thinned
        for curve in curves(_parsed(chosen))
        if (thinned := _thin(curve.steps, curve.values, points))[0]
    }


def _parsed(texts: list[bytes]) -> list[dict[str, Any]]:
    """The lines as JSON, up to the first that is none: all at once, which is much quicker, while none is torn."""
    try:
        return list(json.loads(b"[" + b",".join(texts) + b"]"))
    except ValueError:
        lines: list[dict[str, Any]] = []
        for text in texts:
            try:
                lines.append(json.loads(text))
            except ValueError:
                break
        return lines


def _thin(steps: np.ndarray, values: np.ndarray, points: int) -> list[list[float]]:
    known = np.isfinite(values)
    steps, values = steps[known], values[known]
    if len(steps) > points:
        edges = np.linspace(0, len(steps), points + 1).astype(int)
        counts = np.diff(edges)
        steps = np.add.reduceat(steps, edges[:-1]) / counts
        values = np.add.reduceat(values, edges[:-1]) / counts
    return [[round(float(step), 1) for step in steps], [float(f"{value:.5g}") for value in values]]
