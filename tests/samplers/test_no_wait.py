"""The loop of sampling never waits for the device: no number of the samples is read on the host."""

import pytest
import torch
from torch.profiler import ProfilerActivity, profile
from torch.utils._python_dispatch import TorchDispatchMode

from genlab.conditioning.condition import Condition
from genlab.conditions import ConditionTensors
from genlab.denoisers.clipped import Clipped
from genlab.denoisers.denoiser import Denoiser
from genlab.denoisers.v import V
from genlab.guidance.classifier_free import ClassifierFree
from genlab.guidance.colour import Colour
from genlab.guidance.dynamic_threshold import DynamicThreshold
from genlab.guidance.interval import Interval
from genlab.guidance.loss_gradient import LossGradient
from genlab.guidance.unguided import Unguided
from genlab.processes.edm import EDM
from genlab.processes.gaussian import Gaussian
from genlab.processes.linear import Linear
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
from genlab.samplers.recorrupt import Recorrupt
from genlab.samplers.renoising import Renoising
from genlab.samplers.sampler import Sampler
from genlab.samplers.unipc import UniPC

SAMPLERS = {
    "ddpm": (Linear(), Sampler(Ancestral(1.0), Leading(), 4)),
    "ddim": (Linear(), Sampler(Ancestral(0.0), Leading(), 4)),
    "heun": (EDM(), Sampler(Heun(), Karras(), 4)),
    "churn": (EDM(), Sampler(Renoising(Heun()), Churn(Karras()), 4)),
    "lms": (VP(), Sampler(LMS(), Even(), 5)),
    "pndm": (Linear(), Sampler(PNDM(), Leading(), 5)),
    "dpm": (VP(), Sampler(DPMSolver2M(), Karras(), 4)),
    "dpm-sde": (VP(), Sampler(DPMSolver2M(1.0), Karras(), 4)),
    "unipc": (VP(), Sampler(UniPC(3), Even(), 5)),
    "langevin": (VP(), Sampler(Langevin(2), Even(), 3)),
    "predictor-corrector": (VP(), Sampler(PredictorCorrector(Ancestral(1.0), Langevin(1)), Even(), 3)),
    "recorrupt": (VP(), Sampler(Recorrupt(), Even(), 3)),
    "repaint": (Linear(), Sampler(Renoising(Ancestral(1.0)), Jumps(Leading(), 2, 2), 4)),
}
"""All but rk45, which chooses its steps by what it sees, and says so."""
GUIDANCE = {
    "none": Unguided(),
    "free": ClassifierFree(2.0, 0.7),
    "threshold": DynamicThreshold(ClassifierFree(2.0)),
    "interval": Interval(ClassifierFree(2.0), 0.2, 0.8),
    "colour": LossGradient(Colour([0.5])),
    "colour, not through the network": LossGradient(Colour([0.5]), through_network=False),
}


class Small(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = torch.nn.Conv2d(1, 1, 3, padding=1)

    def forward(self, x, level, condition=None):
        return self.layer(x) * torch.cos(level)[:, None, None, None]


def sampled(schedule, sampler, guidance, device):
    denoiser = Denoiser(Small(), Gaussian(schedule), V()).to(device)
    told = Condition(*map(ConditionTensors, torch.zeros(2, 3, dtype=torch.int64, device=device)))
    denoise = Clipped(guidance(denoiser), -1, 1)
    *_, last = sampler(denoiser.process, lambda x, t: denoise(x, t, told), (3, 1, 4, 4), device=torch.device(device))
    return last.x


class Reads(TorchDispatchMode):
    """The shapes of the samples, masks and losses, of which a number is read."""

    def __init__(self):
        super().__init__()
        self.found = []

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        is_read = function is torch.ops.aten._local_scalar_dense.default
        if is_read and args[0].dtype != torch.float64 and args[0].is_floating_point():
            self.found.append(args[0].dtype)
        return function(*args, **(kwargs or {}))


@pytest.mark.parametrize("name", SAMPLERS)
def test_on_a_device_without_numbers_every_solver_gets_through(name):
    """On the meta device a tensor has no values: whatever asks for one raises, as it would stall a GPU."""
    assert sampled(*SAMPLERS[name], Unguided(), "meta").shape == (3, 1, 4, 4)


@pytest.mark.parametrize("name", GUIDANCE)
def test_on_a_device_without_numbers_guidance_gets_through(name):
    assert sampled(*SAMPLERS["ddpm"], GUIDANCE[name], "meta").shape == (3, 1, 4, 4)


@pytest.mark.parametrize("name", SAMPLERS)
def test_no_number_of_a_sample_is_read(name):
    with Reads() as reads:
        sampled(*SAMPLERS[name], Unguided(), "cpu")
    assert reads.found == []


def test_a_profile_counts_a_few_reads_a_step_and_each_is_of_the_grid():
    """Times are float64 scalars on the host; reading one waits for nothing."""

    def reads(steps):
        with profile(activities=[ProfilerActivity.CPU]) as found:
            sampled(Linear(), Sampler(Ancestral(1.0), Leading(), steps), Unguided(), "cpu")
        return sum(event.count for event in found.key_averages() if event.key == "aten::_local_scalar_dense")

    assert reads(20) - reads(10) <= 10 * 4
