"""A solver and the times it visits."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from genlab.denoisers.estimate import BoundDenoise
from genlab.processes.process import Process
from genlab.processes.schedule import Clock
from genlab.randomness import Randomness
from genlab.ranges import PositiveInt
from genlab.samplers.grids import Grid
from genlab.samplers.solver import Solver
from genlab.samplers.trajectory import Constraint, Moment, check_noise, check_served, trajectory


@dataclass(frozen=True)
class Sampler:
    """Turns noise into data in `steps` steps.

    Args:
        solver: one step.
        grid: which times of the schedule are visited.
        steps: how many steps.
    """

    solver: Solver
    grid: Grid
    steps: PositiveInt

    def times(self, schedule: Clock) -> Tensor:
        """The times that are visited, ending at the grid's end: (steps + 1,) unless it rises or skips repeated steps.

        Raises ValueError if the schedule cannot give so many, or the solver cannot serve them.
        """
        check_noise(self.solver, schedule)
        times = self.grid(schedule, self.steps)
        check_served(self.solver, schedule, times)
        return times

    def nfe(self, schedule: Clock) -> int:
        """Evaluations of the denoiser for a sample (a guided one may be two of the network, in one batch)."""
        times = self.times(schedule)
        steps = int((times.diff() < 0).sum())
        if times[-1] == 0:
            return self.solver.calls(steps)
        return self.solver.calls(steps + 1) - self.solver.calls(1)  # no step to the data, which may cost less

    def __call__(
        self, process: Process, denoise: BoundDenoise, shape: tuple[int, ...], *, constraint: Constraint | None = None,
        generator: Randomness = None, device: torch.device | None = None,
    ) -> Iterator[Moment]:  # fmt: skip
        """Draw `shape` from the prior and solve: a moment for each step, the last holds the samples."""
        first = self.times(process.schedule)[0]
        x = process.prior(shape, first, generator, device)
        if constraint is not None and getattr(process, "shows_known", False):
            x = constraint(x, first)
        return self.solved(process, denoise, x, constraint=constraint, generator=generator)

    def solved(
        self, process: Process, denoise: BoundDenoise, x: Tensor, *, constraint: Constraint | None = None,
        generator: Randomness = None,
    ) -> Iterator[Moment]:  # fmt: skip
        """Solve from `x` at the noisy end."""
        return trajectory(process, denoise, self.solver, self.times(process.schedule), x, constraint, generator)
