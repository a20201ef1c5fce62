"""The times that a sampler visits: float64, from the noisy end down to 0, on the host.

Paper: https://arxiv.org/abs/2206.00364
"""

from __future__ import annotations

import math
import warnings
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from genlab.notice import Notice
from genlab.processes.discrete import Discrete
from genlab.processes.schedule import Clock, Schedule
from genlab.ranges import PositiveFloat

_SIGNAL = 0.25
"""Of alpha: where a grid begins with more of the data than this, samples that begin without it miss too much."""


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
    """Every k-th step from step 0, k = T // steps: the last step before the data is always the first of training.

    The first step must be within k of the noisy end. Where k times the steps falls short of that (501 steps of 1000
    would begin half-way), they are every (T / steps)-th, rounded down. One step is the noisiest.
    """

    def __call__(self, schedule: Clock, steps: int) -> Tensor:
        total = _n_steps(schedule, steps, "leading")
        falling = torch.arange(steps - 1, -1, -1)
        if steps == 1:
            numbers = falling + total - 1
        elif total % steps <= 1:
            numbers = falling * (total // steps)
        else:
            numbers = falling * total // steps
        times = _of_steps(schedule, numbers)
        _tell_of_signal(schedule, times[0], steps)
        return times


def _tell_of_signal(schedule: Clock, first: Tensor, steps: int) -> None:
    """Sampling begins with noise alone, which is wrong where the data would still show through."""
    if not isinstance(schedule, Schedule):
        return
    there, at_the_end = schedule(torch.stack([first, torch.ones_like(first)])).alpha.tolist()
    if there - at_the_end > _SIGNAL:
        warnings.warn(
            f"sampler.steps={steps} on the grid leading begins {float(first):.2g} of the way to the noise, where "
            f"{there:.0%} of the signal is left: give more steps, or sampler.grid._target_={__name__}.Trailing",
            Notice, stacklevel=4,
        )  # fmt: skip


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
        falling = torch.arange(steps, 0, -1)
        if isinstance(schedule, Discrete):  # in whole numbers: a fraction that is rounded may be a step too high
            _check_steps(schedule, steps)
            return _of_steps(schedule, -(-falling * schedule.n_steps // steps) - 1)
        return _to_data(schedule, schedule.at(falling.double() / steps))


@dataclass(frozen=True)
class Cosine:
    """Fractions 1 - cos(pi/2 i/n), which lie closer near the data."""

    def __call__(self, schedule: Clock, steps: int) -> Tensor:
        angle = torch.arange(steps, 0, -1, dtype=torch.float64) * (math.pi / 2 / steps)
        return _to_data(schedule, schedule.at(1 - angle.cos()))


@dataclass(frozen=True)
class Karras:
    """Levels sigma / alpha even in their power 1 / rho, highest to lowest (Karras et al. 2022, eq. 5).

    On a schedule without an upper end (pure noise is visited) the highest level is `level_max`; where that end is a
    step of a discrete schedule, it comes first.
    """

    rho: PositiveFloat = 7.0
    level_max: PositiveFloat = 1000.0

    def __call__(self, schedule: Clock, steps: int) -> Tensor:
        if not isinstance(schedule, Schedule):
            raise ValueError(f"sampler.grid=karras spaces noise levels, and {type(schedule).__name__} has none")
        ends = schedule(schedule.at(torch.tensor([1.0, 1e-6], dtype=torch.float64)))
        high, low = (ends.sigma / ends.alpha).clamp(1e-3, self.level_max) ** (1 / self.rho)
        times = schedule.time_of(torch.linspace(high, low, steps, dtype=torch.float64) ** self.rho)
        if isinstance(schedule, Discrete) and ends.alpha[0] == 0:
            times[0] = 1
        return _to_data(schedule, times)


def _to_data(schedule: Clock, times: Tensor) -> Tensor:
    """The times (steps,) that fall, each step of a discrete schedule once, and 0."""
    _check_steps(schedule, len(times))
    return torch.cat([torch.unique_consecutive(times), torch.zeros(1, dtype=torch.float64)])
