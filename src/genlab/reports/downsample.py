"""Histories made small enough for a page: as many points as a chart has room for."""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import Any

import numpy as np

from genlab.notice import Notice
from genlab.regular import MOST_LINES, NoFile, read_regular
from genlab.reports.curves import curves
from genlab.runs import history

_PARSED = 400
"""Lines of a history that are read at most, evenly spaced; lines of a validation are always read."""


def downsample_history(path: Path, points: int = 150) -> dict[str, list[list[float]]]:
    """The curves of a history.jsonl as {name: [steps, values]}, at most `points` each: means of equal stretches.

    Gaps (numbers that are not finite) stay out, and so does a last line that was torn by a crash; another line that is
    no step is left out with a notice.
    """
    try:
        texts = read_regular(path, MOST_LINES).splitlines()
    except FileNotFoundError:
        return {}
    except NoFile as error:
        warnings.warn(f"{path} cannot be read ({error.strerror}); it has no curves", Notice, stacklevel=2)
        return {}
    stride, last = max(1, len(texts) // _PARSED), len(texts) - 1
    own = {k * stride + k % stride for k in range(len(texts) // stride + 1)}  # of terms of every n-th step, some
    chosen = [text for i, text in enumerate(texts) if i in own or i == last or b'"val/' in text]
    lines = _parsed(chosen)
    if None in lines[:-1]:
        warnings.warn(f"{path} is damaged; its curves have gaps", Notice, stacklevel=2)
    return {
        curve.name: thinned
        for curve in curves(line for line in lines if line is not None)
        if (thinned := _thin(curve.steps, curve.values, points))[0]
    }


def _parsed(texts: list[bytes]) -> list[dict[str, Any] | None]:
    """The lines, None for one that is none: read all at once, which is much quicker, while none is torn."""
    try:
        lines = json.loads(b"[" + b",".join(texts) + b"]")
        if len(lines) == len(texts) and all(map(history.is_step, lines)):
            return list(lines)
    except (ValueError, RecursionError):
        pass
    return [history.parsed(text) for text in texts]


def _thin(steps: np.ndarray, values: np.ndarray, points: int) -> list[list[float]]:
    finite = np.isfinite(values)
    steps, values = steps[finite], values[finite]
    if len(steps) > points:
        edges = np.linspace(0, len(steps), points + 1).astype(int)
        counts = np.diff(edges)
        steps = np.add.reduceat(steps, edges[:-1]) / counts
        values = np.add.reduceat(values, edges[:-1]) / counts
    return [[round(float(step), 1) for step in steps], [float(f"{value:.5g}") for value in values]]
