"""Solvers that need no Gaussian noise, on a fade to grey."""

import pytest
import torch

from genlab.denoisers.estimate import Estimate
from genlab.denoisers.prediction import Prediction
from genlab.processes.degrading import Steady
from genlab.processes.gaussian import Gaussian
from genlab.processes.linear_path import LinearPath
from genlab.samplers.cold import Cold
from genlab.samplers.recorrupt import Recorrupt
from genlab.samplers.trajectory import trajectory

TIMES = torch.linspace(1, 0, 11, dtype=torch.float64)
DATA = torch.randn(4, 6, generator=torch.Generator().manual_seed(0), dtype=torch.float64)


class Fade:
    """x_t = (1 - t) x_0 + t colour: linear in time."""

    schedule = Steady()

    def corrupt(self, x0, t, noise=None, generator=None):
        return (1 - t) * x0 + t * 0.3


def off_by(error):
    def estimate(x_t, t):
        return Estimate(x_t, DATA + error)

    return estimate


def test_half_way_down_half_of_a_constant_error_is_in_the_sample():
    def halfway(solver):
        x = Fade().corrupt(DATA, TIMES[0])
        moments = list(trajectory(Fade(), off_by(0.2), solver, TIMES[:6], x))
        return (moments[-1].x - Fade().corrupt(DATA, TIMES[5])).abs().max()

    assert float(halfway(Recorrupt())) == pytest.approx(0.1)
    assert float(halfway(Cold())) == pytest.approx(0.1)


@pytest.mark.parametrize("solver", [Cold(), Recorrupt()])
def test_a_perfect_estimate_restores_the_data(solver):
    *_, last = trajectory(Fade(), off_by(0.0), solver, TIMES, Fade().corrupt(DATA, TIMES[0]))
    assert torch.allclose(last.x, DATA)


def test_the_cold_step_keeps_what_the_process_left():
    """A trace of the picture that the estimate does not explain is carried along unchanged."""
    x = Fade().corrupt(DATA, TIMES[5]) + 0.05
    x_s, _ = Cold().step(Fade(), off_by(0.0), x, TIMES[5], TIMES[6], None)
    assert torch.allclose(x_s - Fade().corrupt(DATA, TIMES[6]), torch.full_like(DATA, 0.05))


def test_recorrupting_has_the_law_of_the_process_at_each_time():
    process, t = Gaussian(LinearPath()), torch.tensor(0.5).double()
    x = torch.zeros(100_000, 1)

    def know(x_t, time):
        return Prediction(x_t, torch.full_like(x_t, 0.8), process.scales(x_t, time))

    x_s, _ = Recorrupt().step(process, know, x, torch.tensor(1.0).double(), t, None, torch.Generator().manual_seed(0))
    assert (float(x_s.mean()), float(x_s.std())) == pytest.approx((0.4, 0.5), abs=0.01)
