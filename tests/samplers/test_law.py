"""With the exact denoiser every sampler draws from the law of the data."""

import pytest
import torch

from genlab.processes.edm import EDM
from genlab.processes.gaussian import Gaussian
from genlab.processes.linear import Linear
from genlab.processes.linear_path import LinearPath
from genlab.processes.ve import VE
from genlab.processes.vp import VP
from genlab.samplers.ancestral import Ancestral
from genlab.samplers.dpm_solver import DPMSolver2M
from genlab.samplers.grids import Even, Karras, Leading
from genlab.samplers.heun import Heun
from genlab.samplers.langevin import Langevin
from genlab.samplers.lms import LMS
from genlab.samplers.nonmonotone_grids import Churn, Jumps
from genlab.samplers.pndm import PNDM
from genlab.samplers.predictor_corrector import PredictorCorrector
from genlab.samplers.renoising import Renoising
from genlab.samplers.sampler import Sampler
from genlab.samplers.trajectory import trajectory
from genlab.samplers.unipc import UniPC
from oracles import MixtureData, NormalData

CASES = {
    "euler-flow": (LinearPath(), Sampler(Ancestral(0.0), Even(), 200)),
    "heun-edm": (EDM(), Sampler(Heun(), Karras(), 30)),
    "heun-vp": (VP(), Sampler(Heun(), Karras(), 40)),
    "dpm-vp": (VP(), Sampler(DPMSolver2M(), Karras(), 40)),
    "dpm-flow": (LinearPath(), Sampler(DPMSolver2M(), Even(), 60)),
    "dpm-sde-vp": (VP(), Sampler(DPMSolver2M(1.0), Karras(), 100)),
    "dpm-sde-flow": (LinearPath(), Sampler(DPMSolver2M(1.0), Even(), 200)),
    "lms": (VP(), Sampler(LMS(), Karras(), 40)),
    "pndm": (Linear(), Sampler(PNDM(), Leading(), 100)),
    "unipc": (VP(), Sampler(UniPC(), Karras(), 30)),
    "langevin": (VE(0.01, 10.0), Sampler(Langevin(30), Even(), 60)),
    "predictor-corrector": (VP(), Sampler(PredictorCorrector(Ancestral(1.0), Langevin(1)), Even(), 200)),
    "churn": (EDM(), Sampler(Renoising(Heun()), Churn(Karras(), 20.0), 40)),
    "jumps": (Linear(), Sampler(Renoising(Ancestral(1.0)), Jumps(Leading(), 10, 2), 500)),
}


@pytest.mark.parametrize("name", CASES)
def test_mean_and_width_of_normal_data(name):
    schedule, sampler = CASES[name]
    process = Gaussian(schedule, data_std=0.5)
    generator = torch.Generator().manual_seed(0)
    *_, last = sampler(process, NormalData(process, 0.4, 0.5), (20_000, 1), generator=generator)
    assert float(last.x.mean()) == pytest.approx(0.4, abs=0.03)
    assert float(last.x.std()) == pytest.approx(0.5, rel=0.05)


@pytest.mark.parametrize("name", ["heun-edm", "dpm-sde-vp", "unipc", "langevin"])
def test_shares_of_a_mixture(name):
    schedule, sampler = CASES[name]
    process = Gaussian(schedule)
    exact = MixtureData(process, torch.tensor([[-1.0, -1.0], [1.0, 1.0]]), torch.tensor([0.3, 0.7]), 0.2)
    *_, last = sampler(process, exact, (4000, 2), generator=torch.Generator().manual_seed(0))
    assert float((last.x.mean(1) > 0).float().mean()) == pytest.approx(0.7, abs=0.05)


@pytest.mark.parametrize("name", CASES)
def test_it_calls_the_network_as_often_as_it_says(name):
    schedule, sampler = CASES[name]
    process, calls = Gaussian(schedule), []

    def counted(x, t):
        calls.append(float(t))
        return NormalData(process, 0.0, 1.0)(x, t)

    *_, last = sampler(process, counted, (2, 1))
    assert last.t == 0
    assert len(calls) == sampler.nfe(schedule)


def test_jumps_go_back_up_and_reach_the_data_once():
    times = Jumps(Leading(), 2, 2)(Linear(train_timesteps=6), 6) * 6
    assert times.tolist() == pytest.approx([6, 5, 4, 5, 6, 5, 4, 3, 2, 3, 4, 3, 2, 1, 0])


def test_churn_raises_the_level_before_each_step_within_its_limits():
    plain, churned = Karras()(EDM(), 10), Churn(Karras(), 1.0, 0.1, 20.0)(EDM(), 10)
    inside = plain[(plain >= 0.1) & (plain <= 20)]
    rises = churned[1:][churned.diff() > 0]
    assert torch.allclose(rises, inside * 1.1)


def test_a_grid_that_rises_is_refused_by_a_solver_that_cannot():
    with pytest.raises(ValueError, match="needs times that fall"):
        Sampler(Heun(), Jumps(Leading(), 10, 2), 50).times(Linear())


def test_flow_inversion_there_and_back_on_a_fine_grid():
    process = Gaussian(LinearPath())
    exact = NormalData(process, 0.3, 0.5)
    x = torch.randn(6, 1, dtype=torch.float64)
    times = torch.linspace(0.01, 1, 2001, dtype=torch.float64)
    *_, noise = trajectory(process, exact, Ancestral(0.0), times, x)
    *_, back = trajectory(process, exact, Ancestral(0.0), times.flip(0), noise.x)
    assert torch.allclose(back.x, x, atol=2e-2)
