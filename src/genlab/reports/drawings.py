"""Pictures of a model, each where it can give one. A picture that cannot be drawn gives a notice; the others stay."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from genlab.finite import NotFinite, finite_weights
from genlab.notice import Notice

Draw = Callable[[], Path | dict[str, Path] | None]
"""Writes a picture, or several files, which it gives by kind; None where there is nothing to draw."""


def draw_each(module: Any, drawings: Mapping[str, tuple[type, Draw]]) -> dict[str, Path]:
    """The files of `drawings` (kind -> protocol, how it is drawn) whose protocol the model has, by kind."""
    try:
        finite_weights(module)
    except NotFinite as error:
        warnings.warn(f"no picture of the model: {error}", Notice, stacklevel=2)
        return {}
    files: dict[str, Path] = {}
    for kind, (protocol, draw) in drawings.items():
        if isinstance(module, protocol):
            files |= or_notice(kind, draw)
    return files


def or_notice(kind: str, draw: Draw) -> dict[str, Path]:
    """The files of `draw` by kind; none, with a notice, where what the model gave is not finite."""
    try:
        drawn = draw()
    except NotFinite as error:
        warnings.warn(f"no picture of {kind}: {error}", Notice, stacklevel=2)
        return {}
    return drawn if isinstance(drawn, dict) else {} if drawn is None else {kind: drawn}
