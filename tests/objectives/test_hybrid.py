"""The hybrid loss: what it is made of, what learns from which part, and that it finds the right variance."""

import math

import pytest
import torch
from torch.distributions import Normal, kl_divergence

from genlab.denoisers.denoiser import Denoiser
from genlab.denoisers.eps import Eps
from genlab.denoisers.learned_variance import LearnedVariance
from genlab.denoisers.prediction import Prediction
from genlab.denoisers.x0 import X0
from genlab.objectives.denoising import Denoising
from genlab.objectives.hybrid import Hybrid
from genlab.objectives.times import Uniform
from genlab.objectives.variational_bound import NormalDecoder, PixelDecoder, VariationalBound
from genlab.objectives.weights import Unit
from genlab.processes.constant import Constant
from genlab.processes.gaussian import Gaussian
from genlab.processes.linear import Linear
from genlab.processes.vp import VP

X0_DATA = torch.rand(64, 1, 4, 4, generator=torch.Generator().manual_seed(0)) * 2 - 1


class Two(torch.nn.Module):
    """The noise and v by one number each."""

    def __init__(self):
        super().__init__()
        self.mean, self.v = (torch.nn.Parameter(torch.tensor(value)) for value in (0.5, 0.2))

    def forward(self, x, level, condition=None):
        return torch.cat([self.mean * x, self.v * torch.ones_like(x)], 1)


class One(Two):
    def forward(self, x, level, condition=None):
        return self.mean * x


def both():
    return Denoiser(Two(), Gaussian(Linear()), LearnedVariance(Eps()))


def losses(denoiser, bound_weight=0.001):
    objective = Hybrid(Uniform(), Unit(), PixelDecoder(), bound_weight)
    return objective(denoiser, X0_DATA, generator=torch.Generator().manual_seed(1))


def test_it_is_the_simple_loss_and_a_thousandth_of_the_bound():
    terms = {name: term.detach() for name, term in losses(both()).items()}
    simple = Denoising(Uniform(), Unit())
    alone = simple(Denoiser(One(), Gaussian(Linear()), Eps()), X0_DATA, generator=torch.Generator().manual_seed(1))
    assert float(terms["simple"]) == pytest.approx(float(alone["loss"].detach()), rel=1e-4)
    assert float(terms["loss"]) == pytest.approx(float(terms["simple"] + 0.001 * terms["bound"]), rel=1e-5)


def test_the_bound_teaches_the_variance_alone():
    denoiser = both()
    losses(denoiser)["bound"].backward()
    assert float(denoiser.network.mean.grad or 0) == 0
    assert float(denoiser.network.v.grad) != 0
    denoiser = both()
    losses(denoiser)["simple"].backward()
    assert float(denoiser.network.mean.grad) != 0
    assert float(denoiser.network.v.grad or 0) == 0


@pytest.mark.parametrize("number", [2, 3, 40, 100])
@pytest.mark.parametrize("share", [-0.2, 0.0, 0.3, 1.0])
def test_a_step_is_the_divergence_of_two_normal_laws(number, share):
    """Both means and variances as in Ho et al. 2020, eq. 7, and Nichol & Dhariwal 2021, eq. 15."""
    schedule = Constant(0.035, 100)
    beta = 0.035
    x0, estimate = torch.randn(2, 5, 3, dtype=torch.float64)
    t = torch.full((5,), number / 100, dtype=torch.float64)
    x_t = Gaussian(schedule).corrupt(x0, t)
    bar_t, bar_s = (1 - beta) ** number, (1 - beta) ** (number - 1)
    lower = (1 - bar_s) / (1 - bar_t) * beta

    def mean(x):
        return bar_s**0.5 * beta / (1 - bar_t) * x + (1 - beta) ** 0.5 * (1 - bar_s) / (1 - bar_t) * x_t

    learnt = math.exp(share * math.log(beta) + (1 - share) * math.log(lower))
    expected = kl_divergence(Normal(mean(x0), lower**0.5), Normal(mean(estimate), learnt**0.5)).sum(1)
    scales = Gaussian(schedule).scales(x0, t)
    prediction = Prediction(x_t, estimate, scales, torch.full_like(x0, share))
    nats = VariationalBound(NormalDecoder()).of(Gaussian(schedule), x0, prediction, t)
    assert torch.allclose(nats, expected)


def test_the_last_step_is_the_decoder_between_beta_1_and_the_variance_of_step_2():
    x0, estimate = torch.randn(2, 5, 3, dtype=torch.float64)
    process, t = Gaussian(Linear()), torch.full((5,), 0.001, dtype=torch.float64)
    bar = (1 - torch.linspace(1e-4, 0.02, 1000, dtype=torch.float64)).cumprod(0)
    step_2 = float((1 - bar[0]) / (1 - bar[1]) * (1 - bar[1] / bar[0]))
    for share, variance in ((0.0, step_2), (1.0, 1e-4)):
        prediction = Prediction(x0, estimate, process.scales(x0, t), torch.full_like(x0, share))
        nats = VariationalBound(NormalDecoder()).of(process, x0, prediction, t)
        expected = -Normal(estimate, variance**0.5).log_prob(x0).sum(1)
        assert torch.allclose(nats, expected)


def test_training_finds_the_variance_of_the_exact_reverse_step():
    """Of N(0, 1) data x_s given x_t has the variance beta, of one point that given x_0: u is 1 and 0."""
    found = {}
    for std in (1.0, 1e-3):
        torch.manual_seed(0)
        schedule = Constant(0.2, 10)
        network = Exact(schedule, std)
        denoiser = Denoiser(network, Gaussian(schedule), LearnedVariance(X0()))
        objective = Hybrid(Uniform(), Unit(), NormalDecoder(), 1.0)
        optimizer = torch.optim.Adam([network.v], 0.1)
        for _ in range(120):
            loss = objective(denoiser, std * torch.randn(256, 1))["loss"]
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        found[std] = (network.v.detach()[5] + 1) / 2
    assert float(found[1.0]) == pytest.approx(1.0, abs=0.15)
    assert float(found[1e-3]) == pytest.approx(0.0, abs=0.15)


class Exact(torch.nn.Module):
    """E[x_0 | x_t] of N(0, std**2), and a v for each step."""

    def __init__(self, schedule, std):
        super().__init__()
        self.schedule, self.std = schedule, std
        self.v = torch.nn.Parameter(torch.zeros(schedule.n_steps))

    def forward(self, x, level, condition=None):
        alpha, sigma = self.schedule((level.double() + 1) / self.schedule.n_steps)
        gain = alpha * self.std**2 / (alpha**2 * self.std**2 + sigma**2)
        return torch.cat([gain[:, None].float() * x, self.v[level.long()][:, None]], 1)


def test_what_it_cannot_train_is_said():
    objective = Hybrid(Uniform(), Unit(), PixelDecoder())
    with pytest.raises(ValueError, match="take parameterization=learned_variance"):
        objective(Denoiser(One(), Gaussian(Linear()), Eps()), X0_DATA)
    with pytest.raises(ValueError, match="needs a schedule of discrete steps, not VP"):
        objective(Denoiser(Two(), Gaussian(VP()), LearnedVariance(Eps())), X0_DATA)
