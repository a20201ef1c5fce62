import pytest
import torch
from diffusers.schedulers import EDMEulerScheduler

from genlab.processes.edm import EDM
from genlab.processes.linear import Linear
from genlab.processes.linear_path import LinearPath
from genlab.processes.ve import VE
from genlab.processes.vp import VP
from genlab.solvers.ancestral import Ancestral
from genlab.solvers.grids import Cosine, Even, Karras
from genlab.solvers.trajectory import check_times, trajectory


@pytest.mark.parametrize("schedule", [Linear(), VP(), VE(), EDM(), LinearPath()], ids=lambda s: type(s).__name__)
@pytest.mark.parametrize("grid", [Even(), Cosine(), Karras()], ids=lambda g: type(g).__name__)
def test_times_fall_from_the_noisy_end_to_zero(schedule, grid):
    times = grid(schedule, 20)
    assert times.shape == (21,)
    assert times[-1] == 0
    assert (times.diff() < 0).all()
    assert float(times[0]) == pytest.approx(float(schedule.at(torch.tensor(1.0).double())), rel=2e-3)


def test_karras_on_edm_is_the_published_grid():
    theirs = EDMEulerScheduler(sigma_min=0.002, sigma_max=80.0, rho=7.0)
    theirs.set_timesteps(18)
    assert torch.allclose(Karras()(EDM(), 18), theirs.sigmas.double(), rtol=1e-4)


def test_more_steps_than_can_be_told_apart_are_refused():
    with pytest.raises(ValueError, match=r"sampler\.steps=60: the grid visits a step of the schedule twice"):
        Karras()(Linear(train_timesteps=50), 60)


def test_a_grid_that_repeats_or_rises_is_refused_before_sampling():
    with pytest.raises(ValueError, match=r"must not repeat a time; this one visits 0\.5 twice"):
        check_times(torch.tensor([1, 0.5, 0.5, 0]), may_rise=True)
    with pytest.raises(ValueError, match=r"needs times that fall; this grid rises from 0\.2"):
        trajectory(None, None, Ancestral(1.0), torch.tensor([1, 0.2, 0.5, 0]), torch.zeros(1))
    with pytest.raises(ValueError, match="two times or more"):
        check_times(torch.tensor([1.0]), may_rise=True)
