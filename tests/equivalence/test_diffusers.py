"""Whole trajectories against diffusers' schedulers: the same network, the same noise."""

import pytest
import torch
from diffusers.schedulers import DDIMScheduler, DDPMScheduler

from genlab.denoisers.clipped import Clipped
from genlab.denoisers.denoiser import Denoiser
from genlab.denoisers.eps import Eps
from genlab.denoisers.v import V
from genlab.denoisers.x0 import X0
from genlab.processes.cosine import Cosine
from genlab.processes.gaussian import Gaussian
from genlab.processes.linear import Linear
from genlab.processes.scaled_linear import ScaledLinear
from genlab.samplers import ancestral
from genlab.samplers.grids import Leading, Linspace, Trailing
from genlab.samplers.trajectory import trajectory

SCHEDULES = {
    "linear": (Linear(), {"beta_schedule": "linear", "beta_start": 1e-4, "beta_end": 0.02}),
    "scaled_linear": (ScaledLinear(), {"beta_schedule": "scaled_linear", "beta_start": 0.00085, "beta_end": 0.012}),
    "cosine": (Cosine(), {"beta_schedule": "squaredcos_cap_v2"}),
}
PARAMETERIZATIONS = {"epsilon": Eps(), "v_prediction": V(), "sample": X0()}
GRIDS = {"leading": Leading(), "trailing": Trailing(), "linspace": Linspace()}


class Smooth(torch.nn.Module):
    """A fixed random network: bounded, and different at each step number."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = torch.nn.Parameter(torch.randn(16, 16, generator=torch.Generator().manual_seed(0)) / 4)

    def forward(self, x, level, condition=None):
        return torch.tanh(x.flatten(1) @ self.weight + level[:, None] / 1000).reshape(x.shape)


def denoiser(schedule, prediction_type, clip):
    exact = Denoiser(Smooth(), Gaussian(schedule), PARAMETERIZATIONS[prediction_type])
    return Clipped(exact, -1, 1) if clip else exact


@pytest.mark.parametrize("name", SCHEDULES)
def test_the_schedules_are_theirs(name):
    ours, options = SCHEDULES[name]
    theirs = DDPMScheduler(1000, **options).alphas_cumprod.double()  # single precision
    assert torch.allclose(ours.alpha_bar[1:], theirs, rtol=2e-5, atol=1e-7)


@pytest.mark.parametrize("clip", [True, False], ids=["clip", "free"])
@pytest.mark.parametrize("prediction_type", PARAMETERIZATIONS)
@pytest.mark.parametrize("spacing", ["leading", "trailing"])
@pytest.mark.parametrize("name", ["linear", "scaled_linear"])
def test_ddim(name, spacing, prediction_type, clip):
    """Theirs has no linspace to compare: its step goes a fixed distance, which misses that grid's next time."""
    schedule, options = SCHEDULES[name]
    theirs = DDIMScheduler(
        1000, **options, timestep_spacing=spacing, prediction_type=prediction_type, clip_sample=clip,
        set_alpha_to_one=True,
    )  # fmt: skip
    theirs.set_timesteps(50)
    x = torch.randn(4, 1, 4, 4, generator=torch.Generator().manual_seed(1))
    expected = x
    network = Smooth()
    with torch.no_grad():
        for step in theirs.timesteps:
            output = network(expected, step.float().expand(4))
            # ours always takes the noise that belongs to the clipped estimate
            expected = theirs.step(output, step, expected, use_clipped_model_output=clip).prev_sample
    ours = denoiser(schedule, prediction_type, clip)
    *_, last = trajectory(Gaussian(schedule), ours, ancestral.Ancestral(0.0), GRIDS[spacing](schedule, 50), x)
    assert torch.allclose(last.x, expected, atol=1e-4)


@pytest.mark.parametrize("prediction_type", PARAMETERIZATIONS)
@pytest.mark.parametrize("name", SCHEDULES)
def test_ddpm_through_all_thousand_steps(name, prediction_type):
    schedule, options = SCHEDULES[name]
    theirs = DDPMScheduler(1000, **options, prediction_type=prediction_type, clip_sample=True)
    theirs.alphas_cumprod = schedule.alpha_bar[1:]  # theirs is in single precision, which cosine's last betas feel
    theirs.set_timesteps(1000)
    x = torch.randn(4, 1, 4, 4, generator=torch.Generator().manual_seed(1))
    expected, network, generator = x, Smooth(), torch.Generator().manual_seed(2)
    with torch.no_grad():
        for step in theirs.timesteps:
            output = network(expected, step.float().expand(4))
            expected = theirs.step(output, step, expected, generator=generator).prev_sample
    *_, last = trajectory(
        Gaussian(schedule), denoiser(schedule, prediction_type, True), ancestral.Ancestral(1.0),
        Leading()(schedule, 1000), x, generator=torch.Generator().manual_seed(2),
    )  # fmt: skip
    assert torch.allclose(last.x, expected, atol=1e-4)


def test_ddim_with_half_of_the_noise():
    schedule, options = SCHEDULES["linear"]
    theirs = DDIMScheduler(1000, **options, timestep_spacing="leading", clip_sample=False, set_alpha_to_one=True)
    theirs.set_timesteps(100)
    x = torch.randn(4, 1, 4, 4, generator=torch.Generator().manual_seed(1))
    expected, network, generator = x, Smooth(), torch.Generator().manual_seed(2)
    with torch.no_grad():
        for step in theirs.timesteps:
            output = network(expected, step.float().expand(4))
            expected = theirs.step(output, step, expected, eta=0.5, generator=generator).prev_sample
    *_, last = trajectory(
        Gaussian(schedule), denoiser(schedule, "epsilon", False), ancestral.Ancestral(0.5), Leading()(schedule, 100),
        x, generator=torch.Generator().manual_seed(2),
    )  # fmt: skip
    assert torch.allclose(last.x, expected, atol=1e-4)
