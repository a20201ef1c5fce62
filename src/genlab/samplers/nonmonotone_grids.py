"""Grids that rise now and then; for the solver Renoising.

Papers: https://arxiv.org/abs/2206.00364, https://arxiv.org/abs/2201.09865
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from genlab.processes.schedule import Clock, Schedule
from genlab.ranges import NonNegativeFloat, PositiveInt
from genlab.samplers.grids import Grid


@dataclass(frozen=True)
class Churn:
    """Before each step the time grows by the factor 1 + min(churn / steps, sqrt(2) - 1).

    Karras et al. 2022, algorithm 2, with S_churn, S_tmin, S_tmax; for schedules whose time is sigma.
    """

    grid: Grid
    churn: NonNegativeFloat = 40.0
    low: NonNegativeFloat = 0.05
    high: NonNegativeFloat = 50.0

    def __call__(self, schedule: Clock, steps: int) -> Tensor:
        times = self.grid(schedule, steps)
        if not isinstance(schedule, Schedule) or schedule(times[0]) != (1, times[0]):
            raise ValueError(
                f"sampler.grid=churn raises sigma, and the time of {type(schedule).__name__} is not sigma: "
                "take scheduler=edm or scheduler=ve"
            )
        growth = min(self.churn / steps, math.sqrt(2) - 1)
        visited: list[Tensor] = []
        for t in times[:-1]:
            visited += [t, t * (1 + growth)] if growth > 0 and self.low <= t <= self.high else [t]
        return torch.stack([*visited, times[-1]])


@dataclass(frozen=True)
class Jumps:
    """After every `length` steps the grid goes back up `length` steps, `repeats` - 1 times.

    Lugmayr et al. 2022, "RePaint", algorithm 1 (their r is `repeats`).
    """

    grid: Grid
    length: PositiveInt = 10
    repeats: PositiveInt = 10

    def __call__(self, schedule: Clock, steps: int) -> Tensor:
        times = self.grid(schedule, steps)
        return times[self._visits(len(times) - 1)]

    def _visits(self, steps: int) -> list[int]:
        """Indices into the plain grid; the data themselves are reached once, at the end."""
        visits = [0]
        for start in range(0, steps, self.length):
            stop = min(start + self.length, steps)
            down = list(range(start + 1, stop + 1))
            again = [] if stop == steps else list(range(stop - 1, start - 1, -1)) + down
            visits += down + again * (self.repeats - 1)
        return visits
