"""A sampler says how often it calls the denoiser, wherever its grid ends."""

import pytest
import torch

from genlab.denoisers.denoiser import Denoiser
from genlab.denoisers.eps import Eps
from genlab.processes.gaussian import Gaussian
from genlab.processes.scaled_linear import ScaledLinear
from genlab.samplers.ancestral import Ancestral
from genlab.samplers.grids import Leading
from genlab.samplers.heun import Heun
from genlab.samplers.pndm import PNDM
from genlab.samplers.sampler import Sampler


class Counted(torch.nn.Module):
    calls = 0

    def forward(self, x, t, condition=None):
        self.calls += 1
        return 0.1 * x


@pytest.mark.parametrize("end", ["data", "first"])
@pytest.mark.parametrize("steps", [1, 4, 5])
@pytest.mark.parametrize("solver", [PNDM(), Heun(), Ancestral(0.0)], ids=lambda solver: type(solver).__name__)
def test_the_calls_are_those_that_it_says(solver, steps, end):
    network, process = Counted(), Gaussian(ScaledLinear())
    sampler = Sampler(solver, Leading(1, end), steps)
    list(sampler(process, Denoiser(network, process, Eps()), (1, 1, 2, 2)))
    assert network.calls == sampler.nfe(process.schedule)
