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

ROWS, COLUMNS = 8, 10
_SEED = 0
"""Names the noise of every grid: the same in all runs, so that pictures can be compared."""


def draw_samples(module: Samples, path: Path, device: torch.device | str) -> Path:
    """A grid of samples: ten classes by eight for a class-conditional model, else ten by eight from shared noise."""
    n = ROWS * COLUMNS
    classes = module.num_classes
    with torch.no_grad():
        if classes:
            shown = min(classes, COLUMNS)
            labels = torch.arange(shown, device=device).repeat(ROWS)
            x = module.sample(len(labels), labels, generator=PerImage.range(_SEED, 0, len(labels), device))
            columns = shown
        else:
            x = module.sample(n, generator=PerImage.range(_SEED, 0, n, device))
            columns = COLUMNS
    return grids.save_png(path, grids.grid(to_uint8(x).cpu(), columns))


def draw_reconstructions(module: Reconstructs, data: Any, path: Path, device: torch.device | str) -> Path:
    """Test pictures above their reconstructions."""
    pixels, labels = data.images("test")
    pixels, labels = pixels[:COLUMNS], None if labels is None else labels[:COLUMNS].to(device)
    with torch.no_grad():
        decoded = module.reconstruct(to_model(pixels).to(device), labels)
    return grids.save_png(path, grids.pairs(pixels, to_uint8(decoded).cpu()))


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
