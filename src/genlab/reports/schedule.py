"""A picture of what a process does to data: its scales over time, and a strip of noised pictures."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from genlab.modalities.figures import pixels_of
from genlab.modalities.grids import grid, save_png
from genlab.modalities.modality import Modality
from genlab.processes.process import Process
from genlab.processes.schedule import Schedule

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_POINTS = 200


def noised(process: Process, x0: Tensor, columns: int, seed: int = 0) -> Tensor:
    """(n, columns, ...): each of `x0` (n, ...) at even fractions of the way from data to noise, always the same noise.

    Divided by sqrt(alpha**2 + sigma**2), as networks see them, so that exploding noise can be shown as well.
    """
    noise = torch.randn(x0.shape, generator=torch.Generator().manual_seed(seed)).to(x0.device)
    steps = [x0]
    for u in torch.linspace(0, 1, columns, dtype=torch.float64)[1:]:
        t = process.schedule.at(u)
        x = process.corrupt(x0, t, noise)
        if isinstance(process.schedule, Schedule):
            alpha, sigma = process.schedule(t)
            x = x / (alpha**2 + sigma**2).sqrt()
        steps.append(x)
    return torch.stack(steps, 1)


def draw_schedule(
    process: Process, x0: Tensor, path: Path, modality: Modality, columns: int = 10,
    decode: Callable[[Tensor], Tensor] | None = None,
) -> Path:  # fmt: skip
    """Write the picture of `process` on the items `x0` (n, *shape) of a modality.

    `decode` brings them to what a model sees of the data, where the process is on something else.
    """
    from matplotlib.figure import Figure

    steps = noised(process, x0, columns).flatten(0, 1)
    shown = modality.to_stored(steps if decode is None else decode(steps), "pictures").cpu()
    strip = grid(modality.tiles(shown), columns)
    schedule = process.schedule
    height = 9 * strip.shape[0] / strip.shape[1]
    figure = Figure(
        figsize=(9, height + (2.8 if isinstance(schedule, Schedule) else 0.5)), dpi=100, layout="constrained"
    )
    if isinstance(schedule, Schedule):
        rows = figure.add_gridspec(2, 2, height_ratios=[2.6, height])
        _scales(figure.add_subplot(rows[0, 0]), figure.add_subplot(rows[0, 1]), schedule)
        axes = figure.add_subplot(rows[1, :])
    else:
        axes = figure.add_subplot()
    axes.imshow(np.asarray(strip))
    axes.set_axis_off()
    axes.set_title("from data to the noisy end", fontsize=9, loc="left")
    save_png(path, pixels_of(figure))
    return path


def _scales(left: Axes, right: Axes, schedule: Schedule) -> None:
    u = torch.linspace(1 / _POINTS, 1, _POINTS, dtype=torch.float64)
    scales = schedule(schedule.at(u))
    exploding = bool((scales.alpha == 1).all())
    names = ("alpha", "sigma") if exploding else ("alpha = sqrt(alpha_bar)", "sigma = sqrt(1 - alpha_bar)")
    if not exploding and not torch.allclose(scales.alpha**2 + scales.sigma**2, torch.ones_like(u)):
        names = ("alpha", "sigma")
    for values, name in zip(scales, names, strict=True):
        left.plot(u, values, label=name)
    if exploding:
        left.set_yscale("log")
    left.legend(fontsize=8)
    right.plot(u, scales.log_snr.clamp(min=-20))
    right.axhline(0, color="0.8", linewidth=0.8)
    for axes, title in ((left, "scales"), (right, "log(alpha² / sigma²)")):
        axes.set_title(title, fontsize=9, loc="left")
        axes.set_xlabel("fraction of the way to noise", fontsize=8)
