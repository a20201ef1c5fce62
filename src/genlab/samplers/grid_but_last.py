"""The steps that diffusers chooses for DPM-Solver and UniPC."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from genlab.processes.schedule import Clock
from genlab.samplers.grids import Grid


@dataclass(frozen=True)
class ButLast:
    """A grid of one step more, without the last step before its end.

    Args:
        grid: of discrete steps.
    """

    grid: Grid

    def __call__(self, schedule: Clock, steps: int) -> Tensor:
        times = self.grid(schedule, steps + 1)
        return torch.cat([times[:-2], times[-1:]])
