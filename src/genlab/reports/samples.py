"""Samples as files: a grid or a folder of pictures, a plot and a table of points."""

from __future__ import annotations

import io
import re
from pathlib import Path
from typing import Any

import numpy as np
from torch import Tensor

from genlab.atomic import replacing, write_json
from genlab.data.folder import is_picture
from genlab.modalities.pixels import to_uint8
from genlab.data.walk import files_under, shown
from genlab.errors import listed
from genlab.finite import finite
from genlab.modalities import grids
from genlab.reports.points import cloud
from genlab.runs.reading import check_fields, or_noted, read_json

_NAME = re.compile(r"\d{6,}\.png")
_WRITTEN = ".genlab-samples.json"
"""In a folder of samples: the names of those that are genlab's, which a later request may take away."""


def write_grid(path: Path, x: Tensor, columns: int | None) -> Path:
    """One picture of all samples `x` (n, channel, height, width) in [-1, 1]."""
    grids.save_png(path, grids.grid(to_uint8(x, "samples"), columns))
    return path


def check_folder(folder: Path) -> None:
    """Raise ValueError for a folder with pictures that are no samples: who reads it would take them for some."""
    if others := _others(folder):
        raise ValueError(
            f"out = {folder} holds {len(others)} pictures that are no samples ({listed(map(shown, others), 3)}): "
            "give another folder, or empty it"
        )


def write_folder(folder: Path, x: Tensor, own: bool = False) -> Path:
    """A PNG file for each sample, 000000.png, ..., in place of all samples that were written there before.

    Args:
        folder: where to.
        x: (n, channel, height, width) in [-1, 1].
        own: the folder is one of a run's own, in which the pictures that are named as samples are some.

    Raises:
        ValueError: there are other pictures in the folder.
    """
    if not own:
        check_folder(folder)
    pictures = to_uint8(x, "samples")  # before anything is written: samples may be no numbers
    names = [f"{i:06d}.png" for i in range(len(x))]
    before = [*_written(folder), *(name for name in _others(folder) if _NAME.fullmatch(name))]
    _note(folder, sorted({*before, *names}))  # first, so that a killed process leaves no strangers
    for name in set(before) - set(names):
        (folder / name).unlink(missing_ok=True)
    for name, image in zip(names, pictures, strict=True):
        grids.save_png(folder / name, image.permute(1, 2, 0).expand(-1, -1, 3).numpy())
    _note(folder, names)
    return folder


def _note(folder: Path, names: list[str]) -> None:
    write_json(folder / _WRITTEN, {"schema": 1, "samples": names})


def _written(folder: Path) -> list[str]:
    """The names of the samples in a folder; none that leads out of it."""
    remedy = "delete it; the pictures beside it then count as yours"

    def read() -> dict[str, Any]:
        content = read_json(folder / _WRITTEN, remedy) or {}
        check_fields(content, {"samples": list[str]}, folder / _WRITTEN, remedy)
        return content

    content = or_noted(read) or {}
    return [name for name in content.get("samples", []) if Path(name).name == name and is_picture(name)]


def _others(folder: Path) -> list[str]:
    if not folder.is_dir():
        return []
    known = set(_written(folder))
    return [name for name in files_under(folder, is_picture).files if name not in known]


def write_points(path: Path, x: Tensor) -> Path:
    """A plot of the points `x` (n, 2), and beside it their numbers as FILE.npy (float32)."""
    grids.save_png(path, cloud([finite(x, "samples")], ["samples"], 1.1 * float(x.abs().max())))
    content = io.BytesIO()
    np.save(content, x.float().numpy())
    with replacing(path.with_suffix(".npy")) as file:
        file.write(content.getvalue())
    return path
