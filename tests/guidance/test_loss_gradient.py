"""Guidance by a known log-density recovers the known posterior."""

import pytest
import torch

from genlab.conditioning.condition import Condition
from genlab.conditions import ConditionTensors
from genlab.guidance.colour import Colour
from genlab.guidance.loss_gradient import LossGradient
from genlab.processes.gaussian import Gaussian
from genlab.processes.linear import Linear
from genlab.processes.linear_path import LinearPath
from genlab.processes.vp import VP
from genlab.samplers.ancestral import Ancestral
from genlab.samplers.grids import Even
from genlab.samplers.heun import Heun
from genlab.samplers.sampler import Sampler
from oracles import NormalData

MEAN, STD, SEEN, ERROR = 0.0, 0.8, 0.9, 0.5
"""x_0 ~ N(MEAN, STD**2) is measured as SEEN with an error of standard deviation ERROR."""
POSTERIOR_VARIANCE = 1 / (1 / STD**2 + 1 / ERROR**2)
POSTERIOR_MEAN = POSTERIOR_VARIANCE * (MEAN / STD**2 + SEEN / ERROR**2)


class Measured:
    """-log p(SEEN | x_t), exact: x_0 given x_t is normal about the estimate."""

    def __call__(self, prediction, condition):
        alpha, sigma = prediction.scales
        variance = STD**2 * sigma**2 / (alpha**2 * STD**2 + sigma**2)
        return ((SEEN - prediction.x0) ** 2 / (2 * (variance + ERROR**2))).flatten(1).sum(1)


@pytest.mark.parametrize("through", [True, False], ids=["through", "linear"])
@pytest.mark.parametrize("schedule", [VP(), Linear(), LinearPath()], ids=lambda s: type(s).__name__)
@pytest.mark.parametrize(
    "t", [torch.tensor(0.3).double(), torch.tensor([0.01, 0.2, 0.5, 0.7, 0.95])], ids=["scalar", "batch"]
)
def test_the_guided_estimate_is_that_of_the_posterior(t, schedule, through):
    process = Gaussian(schedule)
    x = torch.randn(5, 3, generator=torch.Generator().manual_seed(0))
    guided = LossGradient(Measured(), through_network=through, data_std=STD)(NormalData(process, MEAN, STD))
    exact = NormalData(process, POSTERIOR_MEAN, POSTERIOR_VARIANCE**0.5)
    assert torch.allclose(guided(x, t).x0, exact(x, t).x0, atol=1e-4)
    assert torch.allclose(guided(x, t).score, exact(x, t).score, rtol=1e-3, atol=1e-3)


def test_guided_samples_are_samples_of_the_posterior():
    process = Gaussian(VP())
    guided = LossGradient(Measured())(NormalData(process, MEAN, STD))
    *_, last = Sampler(Heun(), Even(), 60)(process, guided, (10_000, 1), generator=torch.Generator().manual_seed(0))
    assert float(last.x.mean()) == pytest.approx(POSTERIOR_MEAN, abs=0.02)
    assert float(last.x.std()) == pytest.approx(POSTERIOR_VARIANCE**0.5, rel=0.05)


def test_a_loss_of_the_noisy_data_needs_no_gradient_of_the_network():
    """-log N(x_t; 1, 1): its gradient moves the score by 1 - x_t."""
    process, t = Gaussian(VP()), torch.tensor(0.4).double()

    def loss(prediction, condition):
        return ((prediction.x_t - 1) ** 2).sum(1) / 2

    x, plain = torch.randn(4, 3), NormalData(process, MEAN, STD)
    guided = LossGradient(loss, scale=2.0, through_network=False)(plain)(x, t)
    assert torch.allclose(guided.score, plain(x, t).score + 2 * (1 - x), atol=1e-4)


def test_no_scale_is_no_guidance_and_no_graph_is_left():
    process, t, x = Gaussian(VP()), torch.tensor(0.4).double(), torch.randn(4, 3)
    guided = LossGradient(Measured(), scale=0.0)(NormalData(process, MEAN, STD))(x, t)
    assert torch.allclose(guided.x0, NormalData(process, MEAN, STD)(x, t).x0)
    assert not guided.x0.requires_grad


@pytest.mark.parametrize("through", [True, False])
def test_pictures_turn_to_a_colour(through):
    process = Gaussian(VP())
    colour = torch.tensor([0.1, 0.9, -0.5])

    def mean_colour(scale):
        guided = LossGradient(Colour(colour.tolist()), scale, through, data_std=0.5)(NormalData(process, 0.0, 0.5))
        sampler = Sampler(Ancestral(1.0), Even(), 100)
        *_, last = sampler(process, guided, (200, 3, 4, 4), generator=torch.Generator().manual_seed(0))
        return last.x.mean((0, 2, 3))

    assert (mean_colour(0.0)).abs().max() < 0.05
    wish, strong = (mean_colour(4.0) - colour).abs().max(), (mean_colour(40.0) - colour).abs().max()
    assert strong < 0.15
    assert strong < wish < 0.7


def test_a_colour_that_does_not_fit():
    process, t = Gaussian(VP()), torch.tensor(0.4).double()
    with pytest.raises(ValueError, match=r"guidance\.loss\.colour has 3 values, the pictures 1 channels"):
        LossGradient(Colour([0.0, 0.0, 0.0]))(NormalData(process, MEAN, STD))(torch.zeros(1, 1, 2, 2), t)
    with pytest.raises(ValueError, match=r"must be in \[-1, 1\]"):
        Colour([0.0, 255.0, 0.0])


def test_the_condition_reaches_the_loss():
    process, seen = Gaussian(VP()), []

    def loss(prediction, condition):
        seen.append(condition)
        return prediction.x0.flatten(1).sum(1)

    wanted = Condition(ConditionTensors(torch.tensor([3, 1])))
    LossGradient(loss)(NormalData(process, MEAN, STD))(torch.randn(2, 1), torch.tensor(0.4).double(), wanted)
    assert seen == [wanted]
