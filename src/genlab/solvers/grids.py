"""The times that a sampler visits: float64, from the noisy end down to 0, on the host."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from genlab.config.ranges import PositiveFloat
from genlab.processes.discrete import Discrete
from genlab.processes.schedule import Clock, Schedule


class Grid(Protocol):
    """Chooses times."""

    def __call__(self, schedule: Clock, steps: int) -> Tensor:
        """(steps + 1,) falling times, the last of them 0; fewer where some fall on one step of a discrete schedule.

        Raises ValueError where the schedule has fewer steps than are asked for.
        """
        ...


def _of_steps(schedule: Clock, numbers: Tensor) -> Tensor:
    """Times of the step numbers (steps,), of 0, ..., T - 1, and 0."""
    assert isinstance(schedule, Discrete), "discrete grids are asked for by `_n_steps`"
    return torch.cat([(numbers.double() + 1) / schedule.n_steps, torch.zeros(1, dtype=torch.float64)])


def _n_steps(schedule: Clock, steps: int, grid: str) -> int:
    if not isinstance(schedule, Discrete):
        raise ValueError(f"sampler.grid={grid} needs a schedule of discrete steps, not {type(schedule).__name__}")
    _check_steps(schedule, steps)
    return schedule.n_steps


def _check_steps(schedule: Clock, steps: int) -> None:
    if isinstance(schedule, Discrete) and not 1 <= steps <= schedule.n_steps:
        raise ValueError(f"sampler.steps={steps} must be from 1 to the {schedule.n_steps} of scheduler.train_timesteps")


@dataclass(frozen=True)
class Leading:
    """Every k-th step from step 0, k = T // steps: the last step before the data is always the first of training."""

    def __call__(self, schedule: Clock, steps: int) -> Tensor:
        stride = _n_steps(schedule, steps, "leading") // steps
        return _of_steps(schedule, torch.arange(steps - 1, -1, -1) * stride)


@dataclass(frozen=True)
class Trailing:
    """Every (T / steps)-th step counted from the noisy end, which is always visited."""

    def __call__(self, schedule: Clock, steps: int) -> Tensor:
        total = _n_steps(schedule, steps, "trailing")
        return _of_steps(schedule, (total - torch.arange(steps).double() * (total / steps)).round() - 1)


@dataclass(frozen=True)
class Linspace:
    """Steps at equal distances, both ends included."""

    def __call__(self, schedule: Clock, steps: int) -> Tensor:
        total = _n_steps(schedule, steps, "linspace")
        return _of_steps(schedule, torch.linspace(total - 1, 0, steps, dtype=torch.float64).round())


@dataclass(frozen=True)
class Even:
    """Fractions 1, (n - 1) / n, ..., 1 / n of the way to the noisy end; on discrete steps, those nearest above."""

    def __call__(self, schedule: Clock, steps: int) -> Tensor:
        return _to_data(schedule, schedule.at(torch.arange(steps, 0, -1, dtype=torch.float64) / steps))


@dataclass(frozen=True)
class Cosine:
    """Fractions 1 - cos(pi/2 i/n), which lie closer near the data."""

    def __call__(self, schedule: Clock, steps: int) -> Tensor:
        angle = torch.arange(steps, 0, -1, dtype=torch.float64) * (math.pi / 2 / steps)
        return _to_data(schedule, schedule.at(1 - angle.cos()))


@dataclass(frozen=True)
class Karras:
    """Levels sigma / alpha even in their power 1 / rho, highest to lowest (Karras et al. 2022, eq. 5).

    On a schedule without an upper end (pure noise is visited) the highest level is `level_max`.
    """

    rho: PositiveFloat = 7.0
    level_max: PositiveFloat = 1000.0

    def __call__(self, schedule: Clock, steps: int) -> Tensor:
        if not isinstance(schedule, Schedule):
            raise ValueError(f"sampler.grid=karras spaces noise levels, and {type(schedule).__name__} has none")
        ends = schedule(schedule.at(torch.tensor([1.0, 1e-6], dtype=torch.float64)))
        high, low = (ends.sigma / ends.alpha).clamp(1e-3, self.level_max) ** (1 / self.rho)
        return _to_data(schedule, schedule.time_of(torch.linspace(high, low, steps, dtype=torch.float64) ** self.rho))


def _to_data(schedule: Clock, times: Tensor) -> Tensor:
    """The times (steps,) that fall, each step of a discrete schedule once, and 0."""
    _check_steps(schedule, len(times))
    return torch.cat([torch.unique_consecutive(times), torch.zeros(1, dtype=torch.float64)])
