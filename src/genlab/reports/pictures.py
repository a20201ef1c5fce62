"""The pictures of a run: what the model draws, how it reconstructs, and how its loss fell."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch

from genlab.data.pixels import to_model, to_uint8
from genlab.protocols import Reconstructs, Samples
from genlab.randomness import PerImage
from genlab.reports import grids
from genlab.reports.curves import loss_curve
from genlab.runs import history
from genlab.runs.store import Run

ROWS, COLUMNS = 10, 8
_SEED = 0
"""Names the noise of every grid: the same in all runs, so that pictures can be compared."""


def draw_samples(module: Samples, path: Path, device: torch.device | str) -> Path:
    """A grid of samples: a row of eight for each class (at most ten), or ten rows of eight without classes."""
    classes = module.num_classes
    labels = None if classes is None else torch.arange(min(classes, ROWS)).repeat_interleave(COLUMNS)
    n = ROWS * COLUMNS if labels is None else len(labels)
    with torch.no_grad():
        given = None if labels is None else labels.to(device)
        x = to_uint8(module.sample(n, given, generator=PerImage.range(_SEED, 0, n, device))).cpu()
    if labels is None:
        grids.save_png(path, grids.grid(x, COLUMNS))
    else:
        grids.save_png(path, grids.class_grid(x, labels, per_class=COLUMNS))
    return path


def draw_reconstructions(module: Reconstructs, data: Any, path: Path, device: torch.device | str) -> Path:
    """Test pictures above their reconstructions."""
    pixels, labels = data.images("test")
    n = 4 * COLUMNS
    pixels, labels = pixels[:n], None if labels is None else labels[:n].to(device)
    with torch.no_grad():
        decoded = module.reconstruct(to_model(pixels).to(device), labels)
    grids.save_png(path, grids.pairs(pixels, to_uint8(decoded).cpu()))
    return path


def draw_all(module: Any, data: Any, folder: Path, stem: str, device: torch.device | str) -> dict[str, Path]:
    """Every picture that the model can give, by name: samples, reconstructions."""
    drawn: dict[str, Path] = {}
    if isinstance(module, Samples):
        drawn["samples"] = draw_samples(module, folder / f"{stem}.png", device)
    if isinstance(module, Reconstructs):
        drawn["reconstructions"] = draw_reconstructions(module, data, folder / f"{stem}_reconstructions.png", device)
    return drawn


def draw_curve(run: Run) -> Path | None:
    """The run's loss curve; None without a history."""
    lines = history.read(run.history_file)
    return loss_curve(lines, run.samples / "loss.png") if lines else None
