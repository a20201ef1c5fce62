"""Pictures of walks through a latent space: from one image to another, and along one coding unit."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from genlab.editing.latent import LatentSpace, interpolate, walk
from genlab.modalities import grids

_STEPS, _WAYS = 10, 6
_UNITS = 8
_VALUES = (-3.0, -2.0, -1.0, 0.0, 1.0, 2.0, 3.0)
"""In standard deviations of a unit over the data, about its mean."""
_LOOKED_AT = 500
"""Test pictures whose codes say which units are in use."""


def draw_interpolations(module: LatentSpace, data: Any, path: Path, device: torch.device | str) -> Path | None:
    """Ways between test pictures: of different classes, or of one class where the model takes the class; None where
    the test pictures are too few for one way."""
    pixels, labels = data.items("test")
    first, last = ends(labels if _conditional(module) else None, min(_WAYS, len(pixels) // 2))
    if not len(first):
        return None
    given = labels[first].to(device) if _conditional(module) else None
    a, b = (data.modality.to_model(pixels[rows]).to(device) for rows in (first, last))
    ways = _tiles(data, interpolate(module, a, b, _STEPS, given).flatten(0, 1))
    grids.save_png(path, grids.grid(ways, columns=_STEPS))
    return path


def ends(labels: Tensor | None, n: int) -> tuple[Tensor, Tensor]:
    """Indices (n,) of the pictures where n ways begin and end; with labels both ends of a way have the same one."""
    if labels is None:
        return torch.arange(n), torch.arange(n, 2 * n)
    members = [rows for c in labels.unique() if len(rows := (labels == c).nonzero().flatten()) > 1]
    pairs = torch.stack([rows[:2] for rows in members[:n]]) if members else labels.new_empty(0, 2)
    return pairs[:, 0], pairs[:, 1]


def draw_traversals(module: LatentSpace, data: Any, path: Path, device: torch.device | str) -> Path:
    """A test picture with one coding unit at each of seven places, for the units that vary most over the data."""
    pixels, labels = data.items("test")
    given = labels[:_LOOKED_AT].to(device) if _conditional(module) else None
    codes = module.encode(data.modality.to_model(pixels[:_LOOKED_AT]).to(device), given)
    spread, mean = torch.std_mean(codes, 0)
    units = spread.argsort(descending=True)[:_UNITS].tolist()
    own = None if given is None else given[:1]
    places = torch.tensor(_VALUES, device=codes.device)[:, None] * spread + mean  # (values, coding_size)
    rows = [_tiles(data, walk(module, codes[:1], unit, places[:, unit].tolist(), own)[0]) for unit in units]
    texts = [f"unit {unit}" for unit in units]
    grids.save_png(path, grids.grid(torch.cat(rows), len(_VALUES), row_labels=texts, column_labels=_signed()))
    return path


def _tiles(data: Any, x: Tensor) -> Tensor:
    """A still picture of each item of `x` (n, *shape), which a model gave."""
    return data.modality.tiles(data.modality.to_stored(x, "pictures").cpu())


def _signed() -> list[str]:
    return [f"{value:+g}" if value else "0" for value in _VALUES]


def _conditional(module: Any) -> bool:
    return bool(getattr(module, "num_classes", None))
