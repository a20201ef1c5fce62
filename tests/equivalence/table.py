"""Prints the table of docs/denoising.md: each method beside the library that people trust, on whole trajectories.

    make equivalence

The same network, times and noise on both sides. The difference is the largest of all elements of four samples, divided
by the largest element; both libraries compute in single precision.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import torch
from diffusers.schedulers import (
    DDIMScheduler,
    DDPMScheduler,
    DPMSolverMultistepScheduler,
    EDMEulerScheduler,
    FlowMatchEulerDiscreteScheduler,
)
from test_diffusers_solvers import BETAS, CASES, LEADING, Smooth, X, ours, theirs
from torch import Tensor

from genlab.denoisers.edm import EDM as EDMOutput  # noqa: N811  (a class whose name is an acronym)
from genlab.denoisers.eps import Eps
from genlab.denoisers.learned_variance import LearnedVariance
from genlab.denoisers.velocity import Velocity
from genlab.processes.edm import EDM
from genlab.processes.linear import Linear
from genlab.processes.linear_path import LinearPath
from genlab.samplers.ancestral import Ancestral
from genlab.samplers.dpm_solver import DPMSolver2M
from genlab.samplers.grids import Karras, Leading

_NAMES = {"dpm": "DPM-Solver++ 2M", "unipc": "UniPC", "lms": "LMS", "pndm": "PNDM", "euler": "Euler", "heun": "Heun"}


class Row(NamedTuple):
    """A method, the library's class, its steps, and the largest relative difference."""

    method: str
    library: str
    steps: int
    difference: float


def rows() -> Iterator[Row]:
    """All methods, one after the other: some seconds."""
    yield _row("DDPM", DDPMScheduler(1000, **BETAS, clip_sample=False), 1000, Ancestral(1.0), noisy=True)
    yield _learned()
    ddim = DDIMScheduler(1000, **LEADING, clip_sample=False, set_alpha_to_one=True)
    yield _row("DDIM", ddim, 50, Ancestral(0.0))
    for name, (scheduler, solver, scaled) in CASES.items():
        yield _row(_NAMES[name], scheduler, 50, solver, scaled=scaled, own_times=name in {"dpm", "unipc"})
    sde = DPMSolverMultistepScheduler(**LEADING, final_sigmas_type="zero", algorithm_type="sde-dpmsolver++")
    yield _row("SDE-DPM-Solver++ 2M", sde, 50, DPMSolver2M(1.0), noisy=True, own_times=True)
    yield _edm()
    yield _flow()


def _row(method, scheduler, steps, solver, noisy=False, scaled=False, own_times=False) -> Row:  # type: ignore[no-untyped-def]
    times = Leading()(Linear(), steps)
    if own_times:
        scheduler.set_timesteps(steps)
        times = torch.cat([(scheduler.timesteps.double() + 1) / 1000, torch.zeros(1, dtype=torch.float64)])
    start = X / Linear()(times[0]).alpha if scaled else X
    options = {"generator": torch.Generator().manual_seed(2)} if noisy else {}
    expected = theirs(scheduler, steps, start, **options)
    generator = torch.Generator().manual_seed(2) if noisy else None
    return Row(
        method, _library(scheduler), steps, _difference(ours(Linear(), Eps(), solver, times, X, generator), expected)
    )


def _learned() -> Row:
    scheduler = DDPMScheduler(1000, **BETAS, clip_sample=False, variance_type="learned_range")
    generators = (torch.Generator().manual_seed(2) for _ in range(2))
    expected = theirs(scheduler, 1000, X, network=Doubled(), generator=next(generators))
    times = Leading()(Linear(), 1000)
    mine = ours(Linear(), LearnedVariance(Eps()), Ancestral(1.0), times, X, next(generators), network=Doubled())
    return Row("DDPM, learned variance", _library(scheduler), 1000, _difference(mine, expected))


class Doubled(Smooth):
    """The same network, and v from its noise: twice the channels."""

    def forward(self, x: Tensor, level: Tensor, condition: Tensor | None = None) -> Tensor:
        output = super().forward(x, level)
        return torch.cat([output, output.flip(0)], dim=1)


def _edm() -> Row:
    class Told(EDM):
        def timestep(self, t: Tensor) -> Tensor:
            return t.log() / 4  # as theirs

    scheduler = EDMEulerScheduler(sigma_min=0.002, sigma_max=80.0, sigma_data=0.5)
    expected = theirs(scheduler, 18, X * 80)
    mine = ours(Told(), EDMOutput(0.5), Ancestral(0.0), Karras()(EDM(), 18), X * 80)
    return Row("EDM, Euler", _library(scheduler), 18, _difference(mine, expected))


def _flow() -> Row:
    scheduler = FlowMatchEulerDiscreteScheduler(shift=3.0)
    scheduler.scale_model_input = lambda x, step: x
    expected = theirs(scheduler, 30, X)
    mine = ours(LinearPath(3.0), Velocity(), Ancestral(0.0), scheduler.sigmas.double())
    return Row("Flow matching, Euler", _library(scheduler), 30, _difference(mine, expected))


def _library(scheduler: object) -> str:
    return f"diffusers {type(scheduler).__name__}"


def _difference(mine: Tensor, expected: Tensor) -> float:
    return float((mine - expected).abs().max() / expected.abs().max())


def markdown(found: list[Row]) -> str:
    """The table, one row a method."""
    lines = ["| method | library | steps | largest relative difference |", "|---|---|---|---|"]
    return "\n".join([*lines, *(f"| {r.method} | {r.library} | {r.steps} | {r.difference:.0e} |" for r in found)])


if __name__ == "__main__":
    print(markdown(list(rows())))
