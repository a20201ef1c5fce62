"""The bound of a perfect model of normal data is known in closed form, and approaches its entropy."""

import math

import pytest
import torch

from genlab.denoisers.denoiser import Denoiser
from genlab.denoisers.x0 import X0
from genlab.objectives.variational_bound import NormalDecoder, PixelDecoder, VariationalBound
from genlab.processes.constant import Constant
from genlab.processes.discrete import Discrete
from genlab.processes.gaussian import Gaussian
from genlab.processes.linear import Linear
from genlab.processes.vp import VP

STD = 0.7


class Exact(torch.nn.Module):
    """E[x_0 | x_t] of N(0, STD**2) data; the network is given c_in x_t = x_t, since the process preserves variance."""

    def __init__(self, schedule):
        super().__init__()
        self.schedule = schedule

    def forward(self, x, level, condition=None):
        alpha, sigma = self.schedule((level.double() + 1) / self.schedule.n_steps)
        gain = alpha * STD**2 / (alpha**2 * STD**2 + sigma**2)
        return gain.to(x.dtype).reshape(-1, *[1] * (x.ndim - 1)) * x


def exact(schedule):
    return Denoiser(Exact(schedule), Gaussian(schedule), X0())


def entropy_bits():
    return 0.5 * math.log2(2 * math.pi * math.e * STD**2)


def known(schedule):
    """The terms' expectations, in bits per dimension: the error of the estimate is the posterior variance."""
    t = torch.arange(schedule.n_steps + 1).double() / schedule.n_steps
    alpha, sigma = schedule(t)
    snr = (alpha / sigma) ** 2
    error = STD**2 * sigma**2 / (alpha**2 * STD**2 + sigma**2)
    between = ((snr[1:-1] - snr[2:]) / 2 * error[2:]).sum()
    prior = ((alpha[-1] * STD) ** 2 + sigma[-1] ** 2 - 1 - 2 * sigma[-1].log()) / 2
    std = sigma[1] / alpha[1]
    last = error[1] / std**2 / 2 + (std * math.sqrt(2 * math.pi)).log()
    return {name: float(value) / math.log(2) for name, value in (("L_T", prior), ("L_t", between), ("L_0", last))}


X0_DATA = STD * torch.randn(20_000, 2, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("schedule", [Linear(), Constant(0.035, 100)], ids=["linear", "constant"])
def test_each_term_is_its_expectation(schedule):
    model, generator = exact(schedule), torch.Generator().manual_seed(1)
    found = VariationalBound(NormalDecoder()).terms(model.process, model, X0_DATA, generator=generator)
    for name, value in known(schedule).items():
        assert float(found[name].mean()) == pytest.approx(value, abs=0.03)


def test_a_few_steps_drawn_for_each_item_estimate_the_sum():
    model, generator = exact(Linear()), torch.Generator().manual_seed(1)
    bound = VariationalBound(NormalDecoder())
    found = bound.terms(model.process, model, X0_DATA, generator=generator, draws=20)
    for name, value in known(Linear()).items():
        assert float(found[name].mean()) == pytest.approx(value, abs=0.05)


def test_the_bound_is_above_the_entropy_and_meets_it_with_many_equal_steps_of_the_log_snr():
    alpha_bar = torch.linspace(12, -12, 2001, dtype=torch.float64).sigmoid()
    fine = Discrete(1 - alpha_bar / torch.cat([alpha_bar.new_ones(1), alpha_bar[:-1]]))
    assert sum(known(fine).values()) == pytest.approx(entropy_bits(), abs=0.06)
    for coarse in (Linear(), Constant(0.035, 100)):
        assert sum(known(coarse).values()) > entropy_bits() + 0.1


def test_the_objective_is_the_whole_bound_in_the_mean():
    schedule = Constant(0.035, 100)
    data = STD * torch.randn(400_000, 2, generator=torch.Generator().manual_seed(2))
    loss = VariationalBound(NormalDecoder())(exact(schedule), data, generator=torch.Generator().manual_seed(3))["loss"]
    assert float(loss) == pytest.approx(sum(known(schedule).values()), abs=0.05)


def test_the_pixels_of_a_decoder_are_a_probability():
    values = torch.arange(256).float()[:, None] * (2 / 255) - 1
    for mean, std in ((0.1, 0.05), (-0.99, 0.2), (2.0, 0.5)):
        nats = PixelDecoder()(values, torch.full_like(values, mean), torch.tensor(std))
        assert float((-nats).exp().sum()) == pytest.approx(1.0, abs=1e-4)


def test_continuous_time_is_refused():
    denoiser = Denoiser(torch.nn.Identity(), Gaussian(VP()), X0())
    with pytest.raises(ValueError, match="needs a schedule of discrete steps, not VP"):
        VariationalBound(NormalDecoder())(denoiser, X0_DATA)
