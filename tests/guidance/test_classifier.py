"""A classifier of noisy data learns the known posterior over classes, and guides to a class."""

from functools import partial

import pytest
import torch

from genlab.conditioning.condition import Condition
from genlab.conditions import ConditionTensors
from genlab.data.batch import Batch
from genlab.guidance.classifier import LabelLoss
from genlab.guidance.loss_gradient import LossGradient
from genlab.models.noisy_classifier import NoisyClassifier
from genlab.networks.mlp import MLP
from genlab.objectives.times import Uniform
from genlab.processes.gaussian import Gaussian
from genlab.processes.vp import VP
from genlab.protocols import Samples
from genlab.samplers.ancestral import Ancestral
from genlab.samplers.grids import Even
from genlab.samplers.sampler import Sampler
from oracles import MixtureData

PROCESS = Gaussian(VP())
MEANS, STD = torch.tensor([[-1.0, 0.5], [1.0, -0.5]]), 0.4
MIXTURE = MixtureData(PROCESS, MEANS, torch.tensor([0.5, 0.5]), STD)


@pytest.fixture(scope="module")
def classifier():
    torch.manual_seed(0)
    family = NoisyClassifier(MLP([2], 32, 2, outputs=2), PROCESS, Uniform(), partial(torch.optim.Adam, lr=3e-3))
    optimizer = family.configure_optimizers()
    for _ in range(400):
        label = torch.randint(2, (256,))
        terms = family.loss(Batch(MEANS[label] + STD * torch.randn(256, 2), label))
        optimizer.zero_grad()
        terms["loss"].backward()
        optimizer.step()
    return family.eval()


@pytest.mark.parametrize("t", [0.1, 0.3, 0.6])
def test_it_learns_the_posterior_over_classes(classifier, t):
    time = torch.tensor(t, dtype=torch.float64)
    scales = PROCESS.schedule(time)
    variance = scales.alpha**2 * STD**2 + scales.sigma**2
    x = scales.alpha * MEANS.mean(0) + torch.randn(200, 2) * 0.8
    exact = (-((x[:, None] - scales.alpha * MEANS) ** 2).sum(-1) / (2 * variance)).softmax(1)
    with torch.no_grad():
        learnt = classifier.classifier(x, scales).exp()
    assert float((learnt - exact).abs().mean()) < 0.1


def test_an_unconditional_model_is_guided_to_the_label_that_is_asked_for(classifier):
    wanted = Condition(ConditionTensors(torch.arange(400) % 2))

    def unconditional(x_t, t, condition=None):  # only the guidance reads labels
        return MIXTURE(x_t, t)

    denoise = partial(LossGradient(LabelLoss(classifier), through_network=False)(unconditional), condition=wanted)
    *_, last = Sampler(Ancestral(1.0), Even(), 60)(
        PROCESS, denoise, (400, 2), generator=torch.Generator().manual_seed(0)
    )
    nearest = torch.cdist(last.x, MEANS).argmin(1)
    assert float((nearest == wanted.given.label).float().mean()) > 0.9
    assert float(last.x[::2].std(0).mean()) == pytest.approx(STD, rel=0.2)


def test_without_a_label_it_says_so(classifier):
    guided = LossGradient(LabelLoss(classifier), through_network=False)(MIXTURE)
    with pytest.raises(ValueError, match="needs conditioner=label"):
        guided(torch.zeros(1, 2), torch.tensor(0.5).double(), Condition())


def test_it_draws_nothing(classifier):
    assert not isinstance(classifier, Samples)
    with pytest.raises(ValueError, match="needs a dataset with labels"):
        classifier.loss(Batch(torch.zeros(1, 2)))
