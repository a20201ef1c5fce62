"""Whole trajectories of the faster solvers against diffusers': the same network, times and noise."""

import pytest
import torch
from diffusers.schedulers import (
    DPMSolverMultistepScheduler,
    EDMEulerScheduler,
    EulerDiscreteScheduler,
    FlowMatchEulerDiscreteScheduler,
    HeunDiscreteScheduler,
    LMSDiscreteScheduler,
    PNDMScheduler,
    UniPCMultistepScheduler,
)

from genlab.denoisers.denoiser import Denoiser
from genlab.denoisers.edm import EDM as EDMOutput  # noqa: N811  (a class whose name is an acronym)
from genlab.denoisers.eps import Eps
from genlab.denoisers.velocity import Velocity
from genlab.processes.edm import EDM
from genlab.processes.gaussian import Gaussian
from genlab.processes.linear import Linear
from genlab.processes.linear_path import LinearPath
from genlab.samplers.ancestral import Ancestral
from genlab.samplers.dpm_solver import DPMSolver2M
from genlab.samplers.grids import Karras, Leading
from genlab.samplers.heun import Heun
from genlab.samplers.lms import LMS
from genlab.samplers.pndm import PNDM
from genlab.samplers.trajectory import trajectory
from genlab.samplers.unipc import UniPC

X = torch.randn(4, 1, 4, 4, generator=torch.Generator().manual_seed(1))
BETAS = {"beta_schedule": "linear", "beta_start": 1e-4, "beta_end": 0.02}
LEADING = BETAS | {"timestep_spacing": "leading"}


class Smooth(torch.nn.Module):
    """A fixed random network: bounded, and different at each noise level."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = torch.nn.Parameter(torch.randn(16, 16, generator=torch.Generator().manual_seed(0)) / 4)

    def forward(self, x, level, condition=None):
        return torch.tanh(x.flatten(1) @ self.weight + level[:, None] / 1000).reshape(x.shape)


def theirs(scheduler, steps, x, network=None, **options):
    scheduler.set_timesteps(steps)
    network = network or Smooth()
    with torch.no_grad():
        for step in scheduler.timesteps:
            output = network(scheduler.scale_model_input(x, step), step.float().expand(4))
            x = scheduler.step(output, step, x, **options).prev_sample
    return x


def ours(schedule, parameterization, solver, times, x=X, generator=None, network=None):
    process = Gaussian(schedule)
    denoiser = Denoiser(network or Smooth(), process, parameterization)
    *_, last = trajectory(process, denoiser, solver, times, x, generator=generator)
    return last.x


CASES = {
    "euler": (EulerDiscreteScheduler(**LEADING), Ancestral(0.0), True),
    "heun": (HeunDiscreteScheduler(**LEADING), Heun(), True),
    "lms": (LMSDiscreteScheduler(**LEADING), LMS(4), True),
    "pndm": (PNDMScheduler(**LEADING, skip_prk_steps=True, set_alpha_to_one=True), PNDM(), False),
    "dpm": (DPMSolverMultistepScheduler(**LEADING, final_sigmas_type="zero"), DPMSolver2M(), False),
    "unipc": (UniPCMultistepScheduler(**LEADING, final_sigmas_type="zero", solver_order=2), UniPC(2), False),
}


@pytest.mark.parametrize("name", CASES)
def test_on_linear_betas_with_fifty_steps(name):
    scheduler, solver, scaled = CASES[name]
    times = Leading()(Linear(), 50)
    alpha = Linear()(times[0]).alpha if scaled else 1.0  # some work with x / alpha
    if name in {"dpm", "unipc"}:  # these two space their leading steps by one more
        scheduler.set_timesteps(50)
        times = torch.cat([(scheduler.timesteps.double() + 1) / 1000, torch.zeros(1, dtype=torch.float64)])
    expected = theirs(scheduler, 50, X / alpha)
    assert torch.allclose(ours(Linear(), Eps(), solver, times), expected.float(), atol=1e-4)


def test_dpm_solver_with_fresh_noise():
    scheduler = DPMSolverMultistepScheduler(**LEADING, final_sigmas_type="zero", algorithm_type="sde-dpmsolver++")
    scheduler.set_timesteps(50)
    times = torch.cat([(scheduler.timesteps.double() + 1) / 1000, torch.zeros(1, dtype=torch.float64)])
    expected = theirs(scheduler, 50, X, generator=torch.Generator().manual_seed(2))
    mine = ours(Linear(), Eps(), DPMSolver2M(1.0), times, generator=torch.Generator().manual_seed(2))
    assert (mine - expected).abs().max() < 1e-5 * expected.abs().max()  # this network's samples are in the hundreds


def test_edm_with_eulers_method():
    scheduler = EDMEulerScheduler(sigma_min=0.002, sigma_max=80.0, sigma_data=0.5)
    scheduler.set_timesteps(18)

    class Told(EDM):
        def timestep(self, t):
            return t.log() / 4  # as theirs

    expected = theirs(scheduler, 18, X * 80)
    mine = ours(Told(), EDMOutput(0.5), Ancestral(0.0), Karras()(EDM(), 18), X * 80)
    assert torch.allclose(mine, expected, atol=1e-4)


@pytest.mark.parametrize("shift", [1.0, 3.0])
def test_flow_matching_with_eulers_method(shift):
    scheduler = FlowMatchEulerDiscreteScheduler(shift=shift)
    scheduler.scale_model_input = lambda x, step: x
    scheduler.set_timesteps(30)
    expected = theirs(scheduler, 30, X)
    assert torch.allclose(
        ours(LinearPath(shift), Velocity(), Ancestral(0.0), scheduler.sigmas.double()), expected, atol=1e-4
    )
