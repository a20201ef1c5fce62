"""Pictures of a model, each where it can give one: what cannot be drawn is said, and costs no other picture."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from genlab.finite import NotFinite, finite_weights
from genlab.notice import Notice

Draw = Callable[[], Path | None]


def draw_each(module: Any, drawings: Mapping[str, tuple[type, Draw]]) -> dict[str, Path]:
    """The files of `drawings` (kind -> protocol, how it is drawn) whose protocol the model has, by kind."""
    try:
        finite_weights(module)
    except NotFinite as error:
        warnings.warn(f"no picture of the model: {error}", Notice, stacklevel=2)
        return {}
    files = {kind: or_notice(kind, draw) for kind, (protocol, draw) in drawings.items() if isinstance(module, protocol)}
    return {kind: file for kind, file in files.items() if file is not None}


def or_notice(kind: str, draw: Draw) -> Path | None:
    """What `draw` gives; None, with a notice, where what the model gave is not finite."""
    try:
        return draw()
    except NotFinite as error:
        warnings.warn(f"no picture of {kind}: {error}", Notice, stacklevel=2)
        return None
