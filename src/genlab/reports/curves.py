"""The loss curve of a run as a picture: on linear and on logarithmic axes, one line a term.

Palette: https://jfly.uni-koeln.de/color/
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from genlab.modalities.figures import pixels_of
from genlab.modalities.grids import save_png

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
"""Every common kind of colour vision tells them apart (Okabe and Ito 2008); the first is for the loss."""

_NOT_TERMS = {"step", "epoch", "time", "seconds"}
_IN_OTHER_UNITS = {
    "accuracy", "active_units", "collapsed_units", "perplexity", "usage", "lr", "grad_norm", "variety", "augmentation",
}  # fmt: skip
"""Shares, counts and rates that are logged beside a loss: on its axis they would hide it, or be hidden."""
_MANY = 200
"""Points from which a curve is also drawn smoothed."""


class Curve(NamedTuple):
    """One term of a history."""

    name: str
    steps: np.ndarray
    values: np.ndarray


def curves(lines: Iterable[Mapping[str, Any]]) -> list[Curve]:
    """The terms of a history, one curve each, "loss" first; numbers that are not finite become gaps.

    Args:
        lines: as of history.jsonl: "step", "epoch", and the terms at that step.
    """
    points: dict[str, tuple[list[float], list[float]]] = {}
    for line in lines:
        for name, value in line.items():
            if name in _NOT_TERMS or isinstance(value, bool) or not _is_number(value):
                continue
            steps, values = points.setdefault(name, ([], []))
            steps.append(float(line["step"]))
            values.append(float(value) if math.isfinite(float(value)) else math.nan)
    names = sorted(points, key=lambda name: (term(name) != "loss", term(name), name.count("/")))
    return [Curve(name, *map(np.asarray, points[name])) for name in names]


def term(name: str) -> str:
    """The loss term of a curve: "kl" for "kl", "train/kl" and "val/kl"."""
    return name.rsplit("/", 1)[-1]


def smoothed(values: np.ndarray, width: int) -> np.ndarray:
    """The mean of the `width` values around each value, fewer at the ends; gaps are left out of the mean."""
    kernel = np.ones(min(width, len(values)))
    finite = np.isfinite(values)
    total = np.convolve(np.where(finite, values, 0.0), kernel, "same")
    count = np.convolve(finite.astype(float), kernel, "same")
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def loss_curve(lines: Sequence[Mapping[str, Any]], path: str | Path, title: str = "") -> Path:
    """Draw the curves of a history to a PNG file: linear left, logarithmic right. Returns the path.

    Long curves are drawn faint with their running mean (a fiftieth of the run wide) on top. A term that is not
    positive is missing from the right half; shares and counts are missing from both. The validation of a term has the
    term's colour, dashed.
    """
    from matplotlib.figure import Figure  # no pyplot: no window, no global state

    shown = [curve for curve in curves(lines) if term(curve.name) not in _IN_OTHER_UNITS]
    terms = list(dict.fromkeys(term(curve.name) for curve in shown))
    figure = Figure(figsize=(10, 3.8), dpi=110, layout="constrained")
    linear, logarithmic = figure.subplots(1, 2)
    if any((curve.values > 0).any() for curve in shown):
        logarithmic.set_yscale("log", nonpositive="mask")
    for axes in (linear, logarithmic):
        for curve in reversed(shown):  # the loss on top
            _draw(axes, curve, COLOURS[terms.index(term(curve.name)) % len(COLOURS)])
        axes.set_xlabel("step")
        axes.grid(visible=True, which="major", color="#d0d0d0", linewidth=0.6)
        axes.spines[["top", "right"]].set_visible(False)
    linear.set_ylim(*_visible(shown))
    linear.set_ylabel("loss" if len(terms) == 1 else "loss and its terms")
    if len(shown) > 1:
        handles, labels = linear.get_legend_handles_labels()
        figure.legend(handles[::-1], labels[::-1], loc="outside right upper", frameon=False, fontsize=9)
    if title:
        figure.suptitle(title, fontsize=11)
    save_png(Path(path), pixels_of(figure))
    return Path(path)


def _draw(axes: Any, curve: Curve, colour: str) -> None:
    style = "--" if curve.name.startswith("val/") else "-"
    n = len(curve.values)
    if n < _MANY:
        marker = "o" if n < 40 else None
        axes.plot(curve.steps, curve.values, style, color=colour, linewidth=1.5, marker=marker, ms=3, label=curve.name)
        return
    axes.plot(curve.steps, curve.values, style, color=colour, linewidth=0.6, alpha=0.3)
    mean = smoothed(curve.values, max(3, n // 50))
    axes.plot(curve.steps, mean, style, color=colour, linewidth=1.6, label=curve.name)


def _visible(shown: Sequence[Curve]) -> tuple[float | None, float | None]:
    """Limits that show the curves' run and cut off the spike of their first steps."""
    values = [curve.values[np.isfinite(curve.values)] for curve in shown]
    values = [v for v in values if len(v)]
    if not values:
        return None, None
    low = min(float(v.min()) for v in values)
    high = max(float(np.quantile(v, 0.98)) if len(v) >= _MANY else float(v.max()) for v in values)
    margin = 0.06 * (high - low) or 0.5 * abs(high) or 1.0
    return (0.0 if 0 <= low < 0.3 * high else low - margin), high + margin


def _is_number(value: Any) -> bool:
    if isinstance(value, str):
        return value in ("nan", "inf", "-inf")  # how JSON Lines without NaN write them
    return isinstance(value, int | float)
