"""Each solver against the flow of normal data, which is known: x -> x times the ratio of standard deviations."""

import pytest
import torch

from genlab.processes.edm import EDM
from genlab.processes.gaussian import Gaussian
from genlab.processes.linear_path import LinearPath
from genlab.processes.vp import VP
from genlab.samplers.ancestral import Ancestral
from genlab.samplers.dpm_solver import DPMSolver2M
from genlab.samplers.heun import Heun
from genlab.samplers.lms import LMS
from genlab.samplers.rk45 import RK45
from genlab.samplers.trajectory import trajectory
from genlab.samplers.unipc import UniPC
from oracles import NormalData

X = torch.linspace(-2, 2, 9, dtype=torch.float64)[:, None]


def width(process, t, std=0.5):
    alpha, sigma = process.schedule(t)
    return (alpha**2 * std**2 + sigma**2).sqrt()


def error(process, solver, steps, start, stop):
    """Of the end point; times even in log(level)."""
    ends = process.schedule(torch.tensor([start, stop]).double())
    levels = torch.linspace(*(ends.sigma / ends.alpha).log(), steps + 1, dtype=torch.float64).exp()
    times = process.schedule.time_of(levels)
    *_, last = trajectory(process, NormalData(process, 0.0, 0.5), solver, times, X)
    return float((last.x - X * width(process, times[-1]) / width(process, times[0])).abs().max())


@pytest.mark.parametrize(
    ("solver", "order"),
    [(Ancestral(0.0), 1), (Heun(), 2), (DPMSolver2M(), 2), (LMS(1), 1), (LMS(2), 2), (LMS(3), 3), (UniPC(1), 2)],
    ids=repr,
)
@pytest.mark.parametrize("schedule", [VP(), LinearPath()], ids=["vp", "linear_path"])
def test_the_error_falls_with_the_theoretical_order(solver, order, schedule):
    process = Gaussian(schedule)
    coarse, fine = (error(process, solver, n, 0.8, 0.2) for n in (80, 160))
    assert coarse / fine == pytest.approx(2**order, rel=0.25)


@pytest.mark.parametrize("solver", [LMS(4), UniPC(2), UniPC(3)], ids=repr)
def test_solvers_of_higher_order_beat_the_second(solver):
    process = Gaussian(VP())
    coarse, fine = (error(process, solver, n, 0.8, 0.2) for n in (80, 160))
    assert coarse / fine > 5
    assert fine < error(process, Heun(), 160, 0.8, 0.2)


@pytest.mark.parametrize("schedule", [VP(), LinearPath(), EDM()], ids=["vp", "linear_path", "edm"])
def test_the_adaptive_solver_keeps_its_tolerance(schedule):
    process = Gaussian(schedule)
    start = torch.tensor(1.0).double() if not isinstance(schedule, EDM) else torch.tensor(80.0).double()
    truth = X * 0.5 / width(process, start)
    loose, tight = (float((_ends(process, RK45(tol, 1e-4), start) - truth).abs().max()) for tol in (1e-3, 1e-7))
    assert tight < 2e-6
    assert loose < 1e-2


def _ends(process, solver, start):
    times = torch.stack([start, torch.zeros_like(start)])
    *_, last = trajectory(process, NormalData(process, 0.0, 0.5), solver, times, X)
    return last.x


def test_the_adaptive_solver_needs_continuous_time():
    from genlab.processes.linear import Linear

    with pytest.raises(ValueError, match="the solver RK45 needs a schedule of continuous time"):
        _ends(Gaussian(Linear()), RK45(), torch.tensor(1.0).double())
