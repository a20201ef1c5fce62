"""Figures of matplotlib as pictures."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from genlab.modalities.grids import Pixels


def pixels_of(figure: Figure) -> Pixels:
    """A figure as (height, width, 3), drawn once: `savefig` draws it a first time only to find its layout."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    return np.ascontiguousarray(np.asarray(canvas.buffer_rgba())[..., :3])
