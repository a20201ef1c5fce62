"""The times that a sampler visits: float64, from the noisy end down to 0, on the host.

Paper: https://arxiv.org/abs/2206.00364
"""

from __future__ import annotations

import math
import warnings
from dataclasses import dataclass, fields
from typing import Any, Literal, Protocol

import torch
from torch import Tensor

from genlab.notice import Notice
from genlab.processes.discrete import Discrete
from genlab.processes.schedule import Clock, Schedule
from genlab.ranges import NonNegativeInt, PositiveFloat, PositiveInt

_SIGNAL = 0.25
"""Of alpha: where a grid begins with more of the data than this, samples that begin without it miss too much."""


End = Literal["data", "first"]
"""Where a grid of training's steps ends: at the data, time 0, or at the first step of training, whose noise is then
left in the samples, as Stable Diffusion leaves it (diffusers: `set_alpha_to_one=false`)."""


class Grid(Protocol):
    """Chooses times."""

    def __call__(self, schedule: Clock, steps: int) -> Tensor:
        """(steps + 1,) falling times, the last of them 0; fewer where some fall on one step of a discrete schedule.

        Raises ValueError where the schedule has fewer steps than are asked for.
        """
        ...


def _given(grid: Any) -> str:
    """The text of a grid, without what is as it was before grids had it: records name grids by it."""
    given = [f"{f.name}={getattr(grid, f.name)!r}" for f in fields(grid) if getattr(grid, f.name) != f.default]
    return f"{type(grid).__name__}({', '.join(given)})"


def _of_steps(schedule: Clock, numbers: Tensor, end: End = "data") -> Tensor:
    """Times of the step numbers (steps,), of 0, ..., T - 1, and the end, which is visited once."""
    assert isinstance(schedule, Discrete), "discrete grids are asked for by `_n_steps`"
    last = 0.0 if end == "data" else 1 / schedule.n_steps
    times = (numbers.double() + 1) / schedule.n_steps
    return torch.cat([times[times > last], torch.tensor([last], dtype=torch.float64)])


def _n_steps(schedule: Clock, steps: int, grid: str) -> int:
    if not isinstance(schedule, Discrete):
        raise ValueError(f"sampler.grid={grid} needs a schedule of discrete steps, not {type(schedule).__name__}")
    _check_steps(schedule, steps)
    return schedule.n_steps


def _check_steps(schedule: Clock, steps: int) -> None:
    if isinstance(schedule, Discrete) and not 1 <= steps <= schedule.n_steps:
        raise ValueError(f"sampler.steps={steps} must be from 1 to the {schedule.n_steps} of scheduler.train_timesteps")


@dataclass(frozen=True, repr=False)
class Leading:
    """Every k-th step from step 0, k = T // steps: the last step before the data is always the first of training.

    The first step must be within k of the noisy end. Where k times the steps falls short of that (501 steps of 1000
    would begin half-way), they are every (T / steps)-th, rounded down. One step is the noisiest.

    Args:
        offset: added to each step's number; such grids are every k-th step in any case, as in diffusers
            (`steps_offset`). 1 with end=first is Stable Diffusion's grid.
        end: see `End`.
    """

    offset: NonNegativeInt = 0
    end: End = "data"
    __repr__ = _given

    def __call__(self, schedule: Clock, steps: int) -> Tensor:
        total = _n_steps(schedule, steps, "leading")
        falling = torch.arange(steps - 1, -1, -1)
        if steps == 1:
            numbers = falling + total - 1
        elif self.offset > 0 or total % steps <= 1:
            numbers = falling * (total // steps) + self.offset
        else:
            numbers = falling * total // steps
        if numbers[0] >= total:
            raise ValueError(
                f"sampler.grid.offset={self.offset} moves the noisiest of sampler.steps={steps} to step {numbers[0]}, "
                f"and training had the steps 0 to {total - 1}: take fewer steps, or sampler.grid.offset=0"
            )
        times = _of_steps(schedule, numbers, self.end)
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


@dataclass(frozen=True, repr=False)
class Trailing:
    """Every (T / steps)-th step counted from the noisy end, which is always visited; `end`: see `End`."""

    end: End = "data"
    __repr__ = _given

    def __call__(self, schedule: Clock, steps: int) -> Tensor:
        total = _n_steps(schedule, steps, "trailing")
        return _of_steps(schedule, (total - torch.arange(steps).double() * (total / steps)).round() - 1, self.end)


@dataclass(frozen=True, repr=False)
class Linspace:
    """Steps at equal distances, both ends included; `end`: see `End`."""

    end: End = "data"
    __repr__ = _given

    def __call__(self, schedule: Clock, steps: int) -> Tensor:
        total = _n_steps(schedule, steps, "linspace")
        return _of_steps(schedule, torch.linspace(total - 1, 0, steps, dtype=torch.float64).round(), self.end)


@dataclass(frozen=True, repr=False)
class Even:
    """Fractions 1, (n - 1) / n, ..., 1 / n of the way to the noisy end; on discrete steps, those nearest above.

    Args:
        among: how many steps, evenly chosen of the T of training, there are to choose from: those that a latent
            consistency model was distilled on; None for all.
    """

    among: PositiveInt | None = None
    __repr__ = _given

    def __call__(self, schedule: Clock, steps: int) -> Tensor:
        falling = torch.arange(steps, 0, -1)
        if isinstance(schedule, Discrete):  # in whole numbers: a fraction that is rounded may be a step too high
            _check_steps(schedule, steps)
            total = schedule.n_steps if self.among is None else self.among
            if not steps <= total <= schedule.n_steps:
                raise ValueError(f"sampler.grid.among={total} must be from sampler.steps={steps} to {schedule.n_steps}")
            return _of_steps(schedule, -(-falling * total // steps) * (schedule.n_steps // total) - 1)
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
