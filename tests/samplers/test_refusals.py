"""What cannot be sampled is said in one sentence, before any sampling."""

import pytest
import torch

from genlab.denoisers.denoiser import Denoiser
from genlab.denoisers.eps import Eps
from genlab.denoisers.noise import Noise
from genlab.denoisers.v import V
from genlab.processes.edm import EDM
from genlab.processes.gaussian import Gaussian
from genlab.processes.linear import Linear
from genlab.processes.linear_path import LinearPath
from genlab.processes.vp import VP
from genlab.processes.zero_terminal import ZeroTerminal
from genlab.samplers.ancestral import Ancestral
from genlab.samplers.cold import Cold
from genlab.samplers.grids import Even, Karras, Leading, Linspace, Trailing
from genlab.samplers.heun import Heun
from genlab.samplers.langevin import Langevin
from genlab.samplers.lms import LMS
from genlab.samplers.nonmonotone_grids import Churn
from genlab.samplers.pndm import PNDM
from genlab.samplers.renoising import Renoising
from genlab.samplers.rk45 import RK45
from genlab.samplers.sampler import Sampler
from genlab.samplers.trajectory import trajectory

REFUSED = {
    "more steps than were trained": (Sampler(Ancestral(), Leading(), 1001), Linear(), "must be from 1 to the 1000"),
    "more even steps": (Sampler(Ancestral(), Even(), 30), Linear(train_timesteps=20), "must be from 1 to the 20"),
    "more levels": (Sampler(Ancestral(), Karras(), 30), Linear(train_timesteps=20), "must be from 1 to the 20"),
    "noise for a step without": (Sampler(Cold(), Even(), 10), VP(), "Cold undoes what is done without noise"),
    "times of its own": (Sampler(RK45(), Even(), 1), Linear(), "RK45 needs a schedule of continuous time"),
    "step numbers of continuous time": (Sampler(Heun(), Trailing(), 10), VP(), "needs a schedule of discrete steps"),
    "no signal, multistep": (Sampler(LMS(), Even(), 10), LinearPath(), "LMS divides by alpha, which is 0"),
    "no signal, pseudo": (Sampler(PNDM(), Linspace(), 10), ZeroTerminal(), "PNDM divides by alpha, which is 0"),
    "no signal, Langevin": (Sampler(Langevin(), Even(), 10), LinearPath(), "Langevin divides by alpha, which is 0"),
    "churn of another time": (Sampler(Renoising(Heun()), Churn(Karras()), 10), VP(), "the time of VP is not sigma"),
    "a rising grid": (Sampler(Heun(), Churn(Karras()), 10), EDM(), "needs times that fall"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_a_sampler_that_cannot_serve_the_schedule(what):
    sampler, schedule, sentence = REFUSED[what]
    with pytest.raises(ValueError, match=sentence) as raised:
        sampler.times(schedule)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("schedule", [ZeroTerminal(), LinearPath()], ids=lambda s: type(s).__name__)
@pytest.mark.parametrize("parameterization", [Eps(), Noise()], ids=lambda p: type(p).__name__)
def test_noise_alone_does_not_tell_the_data(schedule, parameterization):
    with pytest.raises(ValueError, match="divides by alpha, which is 0 at the noisy end"):
        Denoiser(torch.nn.Identity(), Gaussian(schedule), parameterization)
    Denoiser(torch.nn.Identity(), Gaussian(schedule), V())


@pytest.mark.parametrize(
    ("times", "sentence"),
    [
        ([1.0, 0.5, 0.5, 0.0], "must not repeat a time; this one visits 0.5 twice"),
        ([1.0, 0.2, 0.5, 0.0], "needs times that fall; this grid rises from 0.2"),
        ([1.0], "needs two times or more"),
    ],
)
def test_a_grid_that_is_repeated_or_unsorted(times, sentence):
    with pytest.raises(ValueError, match=sentence):
        trajectory(Gaussian(VP()), None, Heun(), torch.tensor(times), torch.zeros(1, 1))
