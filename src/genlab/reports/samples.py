"""Samples as files: a grid or a folder of pictures, a plot and a table of points."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
from torch import Tensor

from genlab.data.pixels import to_uint8
from genlab.reports import grids
from genlab.reports.points import cloud
from genlab.runs.atomic import replacing


def write_grid(path: Path, x: Tensor, columns: int | None) -> Path:
    """One picture of all samples `x` (n, channel, height, width) in [-1, 1]."""
    grids.save_png(path, grids.grid(to_uint8(x), columns))
    return path


def write_folder(folder: Path, x: Tensor) -> Path:
    """A PNG file for each sample: 000000.png, ..."""
    for i, image in enumerate(to_uint8(x)):
        grids.save_png(folder / f"{i:06d}.png", image.permute(1, 2, 0).expand(-1, -1, 3).numpy())
    return folder


def write_points(path: Path, x: Tensor) -> Path:
    """A plot of the points `x` (n, 2), and beside it their numbers as FILE.npy (float32)."""
    grids.save_png(path, cloud([x], ["samples"], 1.1 * float(x.abs().max())))
    content = io.BytesIO()
    np.save(content, x.float().numpy())
    with replacing(path.with_suffix(".npy")) as file:
        file.write(content.getvalue())
    return path
