"""The only loop of sampling: progress bars, previews and films consume it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import NamedTuple

import torch
from torch import Tensor

from genlab.denoisers.estimate import BoundDenoise, Estimate, clean_data
from genlab.processes.discrete import Discrete
from genlab.processes.process import Process
from genlab.processes.schedule import Clock, Schedule
from genlab.randomness import Randomness
from genlab.samplers.solver import Solver

Constraint = Callable[[Tensor, Tensor], Tensor]
"""(x_s, s) -> x_s, applied after each step."""


class Moment(NamedTuple):
    """Where a trajectory is after a step."""

    x: Tensor
    """The current sample, at time `t`."""
    x0: Tensor
    """The estimate of the clean sample that the step used; of integers their logits."""
    t: Tensor

    @property
    def clean(self) -> Tensor:
        """The clean sample that `x0` stands for, of the shape of `x`."""
        return clean_data(self.x, self.x0)


def trajectory(
    process: Process, denoise: BoundDenoise, solver: Solver, times: Tensor, x: Tensor,
    constraint: Constraint | None = None, generator: Randomness = None,
) -> Iterator[Moment]:  # fmt: skip
    """Solve from `x` at times[0] through all `times` (steps + 1,), a moment for each step.

    The times are best on the host: coefficients are then float64 scalars, and the loop never waits for the device.
    Raises ValueError for times that the solver cannot serve.
    """
    check_served(solver, process.schedule, times)
    return _moments(process, denoise, solver, times, x, constraint, generator)


def check_noise(solver: Solver, schedule: Clock) -> None:
    """Raise ValueError for a solver of noise on a process that adds none, and the other way round."""
    if getattr(solver, "needs_noise", True) and not isinstance(schedule, Schedule):
        raise ValueError(
            f"the solver {type(solver).__name__} undoes Gaussian noise, and this process adds none: "
            "take sampler=cold or sampler=recorrupt"
        )
    if getattr(solver, "refuses_noise", False) and isinstance(schedule, Schedule):
        raise ValueError(
            f"the solver {type(solver).__name__} undoes what is done without noise, and {type(schedule).__name__} adds "
            "noise: take sampler=ddim or sampler=euler"
        )


def check_served(solver: Solver, schedule: Clock, times: Tensor) -> None:
    """Raise ValueError for what the solver cannot serve: the process, its kind of time, where it begins, the times."""
    check_noise(solver, schedule)
    check_times(times, getattr(solver, "may_rise", False))
    name = type(solver).__name__
    if getattr(solver, "needs_continuous_time", False) and isinstance(schedule, Discrete):
        raise ValueError(f"the solver {name} needs a schedule of continuous time, such as vp or linear_path")
    needs_signal = getattr(solver, "needs_signal", False)
    if needs_signal and isinstance(schedule, Schedule) and schedule(times[0]).alpha == 0:
        raise ValueError(
            f"the solver {name} divides by alpha, which is 0 at the noisy end of {type(schedule).__name__}: "
            "take sampler=euler, heun or dpm_solver"
        )


def check_times(times: Tensor, may_rise: bool) -> None:
    """Raise ValueError unless `times` are two or more, none repeated, and fall where they may not rise."""
    if times.ndim != 1 or len(times) < 2:
        raise ValueError(f"a grid needs two times or more in a row, got a shape of {tuple(times.shape)}")
    change = times.diff()
    if bool((change == 0).any()):
        raise ValueError(f"a grid must not repeat a time; this one visits {float(times[:-1][change == 0][0]):g} twice")
    if not may_rise and bool((change > 0).any()):
        raise ValueError(
            f"this solver needs times that fall; this grid rises from {float(times[:-1][change > 0][0]):g}: "
            "sort it, or wrap the solver in genlab.samplers.renoising.Renoising"
        )


def _moments(
    process: Process, denoise: BoundDenoise, solver: Solver, times: Tensor, x: Tensor,
    constraint: Constraint | None, generator: Randomness,
) -> Iterator[Moment]:  # fmt: skip
    x0 = x

    def remembered(x_t: Tensor, t: Tensor) -> Estimate:
        nonlocal x0
        estimate = denoise(x_t, t)
        x0 = estimate.x0
        return estimate

    state = solver.init(x, times[0])
    for t, s in pairwise(times.unbind()):
        with torch.no_grad():
            x, state = solver.step(process, remembered, x, t, s, state, generator)
            if constraint is not None:
                x = constraint(x, s)
        yield Moment(x, x0, s)
