"""Films of samples in the making."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from torch import Tensor

from genlab.modalities.film import write_film
from genlab.modalities.grids import Pixels, grid
from genlab.modalities.modality import Modality
from genlab.modalities.points import cloud

_FPS, _HOLD = 12.5, 24
"""Frames a second, and how many times the last one is shown again."""


def frames(x: Tensor, x0: Tensor, modality: Modality) -> list[Pixels]:
    """A picture of each moment: the samples on the left, on the right the clean ones that were predicted then.

    Args:
        x, x0: (moments, n, *shape), as a model sees items of `modality`.
    """
    if not modality.singly:
        reach = 1.1 * float(x[-1].abs().max())
        return [cloud([now, then], ["sample", "predicted"], reach) for now, then in zip(x.cpu(), x0.cpu(), strict=True)]
    return [_beside(_still(now, modality), _still(then, modality)) for now, then in zip(x, x0, strict=True)]


def _still(x: Tensor, modality: Modality) -> Pixels:
    return grid(modality.tiles(modality.to_stored(x, "pictures").cpu()))


def _beside(left: Pixels, right: Pixels) -> Pixels:
    gap = np.full((left.shape[0], 12, 3), 255, np.uint8)
    return np.concatenate([left, gap, right], axis=1)


def write_animation(path: Path, pictures: Sequence[Pixels]) -> Path:
    """Write a film of frames (height, width, 3) of one size, and hold the last of them; see `write_film`."""
    return write_film(path, [*pictures, *[pictures[-1]] * _HOLD], _FPS)
