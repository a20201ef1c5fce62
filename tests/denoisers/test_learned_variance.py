"""Learned variances: their ends are DDPM's two, and whole trajectories are those of diffusers."""

import pytest
import torch
from diffusers.schedulers import DDPMScheduler

from genlab.conditioning.condition import Condition
from genlab.conditions import ConditionTensors
from genlab.denoisers.denoiser import Denoiser
from genlab.denoisers.eps import Eps
from genlab.denoisers.learned_variance import LearnedVariance
from genlab.denoisers.prediction import Prediction
from genlab.denoisers.v import V
from genlab.guidance.classifier_free import ClassifierFree
from genlab.guidance.loss_gradient import LossGradient
from genlab.processes.gaussian import Gaussian
from genlab.processes.linear import Linear
from genlab.samplers.ancestral import Ancestral
from genlab.samplers.grids import Leading
from genlab.samplers.trajectory import trajectory

PROCESS = Gaussian(Linear())
X = torch.randn(4, 1, 4, 4, generator=torch.Generator().manual_seed(1))


class Two(torch.nn.Module):
    """A fixed random network of two channels: the noise, and v, fixed or different for each pixel and step."""

    def __init__(self, v=None):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.randn(16, 32, generator=torch.Generator().manual_seed(0)) / 4)
        self.v = v

    def forward(self, x, level, condition=None):
        both = torch.tanh(x.flatten(1) @ self.weight + level[:, None] / 1000).reshape(len(x), 2, 4, 4)
        return both if self.v is None else torch.cat([both[:, :1], torch.full_like(both[:, 1:], self.v)], 1)


def ours(v, steps):
    denoiser = Denoiser(Two(v), PROCESS, LearnedVariance(Eps()))
    generator = torch.Generator().manual_seed(2)
    *_, last = trajectory(PROCESS, denoiser, Ancestral(1.0), Leading()(Linear(), steps), X, generator=generator)
    return last.x


def theirs(variance_type, v, steps):
    scheduler = DDPMScheduler(
        1000, beta_schedule="linear", beta_start=1e-4, beta_end=0.02, clip_sample=False, variance_type=variance_type
    )
    scheduler.set_timesteps(steps)
    x, network, generator = X, Two(v), torch.Generator().manual_seed(2)
    with torch.no_grad():
        for step in scheduler.timesteps:
            output = network(x, step.float().expand(4))
            output = output if variance_type == "learned_range" else output[:, :1]
            x = scheduler.step(output, step, x, generator=generator).prev_sample
    return x


@pytest.mark.parametrize("steps", [1000, 50])
@pytest.mark.parametrize(("v", "variance_type"), [(-1.0, "fixed_small"), (1.0, "fixed_large"), (None, "learned_range")])
def test_ddpm_with_each_variance(v, variance_type, steps):
    expected = theirs(variance_type, v, steps)
    assert (ours(v, steps) - expected).abs().max() < 1e-4 * expected.abs().max()


def test_the_three_variances_differ():
    small, large, learned = (ours(v, 50) for v in (-1.0, 1.0, None))
    assert min((small - large).abs().max(), (small - learned).abs().max(), (large - learned).abs().max()) > 0.1


def test_the_first_half_of_the_channels_means_what_the_wrapped_parameterization_says():
    t = torch.tensor([0.1, 0.4, 0.7, 1.0])

    class First(Two):
        def forward(self, x, level, condition=None):
            return super().forward(x, level)[:, :1]

    for mean in (Eps(), V()):
        both, alone = Denoiser(Two(), PROCESS, LearnedVariance(mean)), Denoiser(First(), PROCESS, mean)
        assert torch.equal(both(X, t).x0, alone(X, t).x0)
        assert alone(X, t).share is None


def test_ddim_has_no_use_for_a_variance():
    def drawn(v):
        denoiser = Denoiser(Two(v), PROCESS, LearnedVariance(Eps()))
        *_, last = trajectory(PROCESS, denoiser, Ancestral(0.0), Leading()(Linear(), 20), X)
        return last.x

    assert torch.equal(drawn(-1.0), drawn(1.0))


def test_guidance_moves_the_estimate_and_leaves_the_variance():
    """That of the conditional model, where two are compared."""
    t = torch.tensor(0.4, dtype=torch.float64)

    def denoise(x_t, t, condition):
        share = condition.given.label[:, None].float().expand_as(x_t) / 10
        return Prediction(x_t, x_t / 2 + share, PROCESS.scales(x_t, t), share)

    x, labels = torch.randn(3, 2), torch.tensor([[1, 2, 3], [7, 7, 7]])
    condition = Condition(*map(ConditionTensors, labels))
    for guidance in (
        ClassifierFree(2.0),
        LossGradient(lambda p, c: p.x0.square().sum(1)),
        LossGradient(_first, 1.0, False),
    ):
        guided = guidance(denoise)(x, t, condition)
        assert torch.equal(guided.share, denoise(x, t, condition).share)
        assert not guided.share.requires_grad


def _first(prediction, condition):
    return prediction.x0[:, 0]


def test_a_network_of_too_few_channels_is_told_how_many():
    denoiser = Denoiser(torch.nn.Conv2d(1, 1, 1), PROCESS, LearnedVariance(Eps()))
    denoiser.network = Narrow()
    with pytest.raises(ValueError, match=r"needs a network of 2 channels for data of 1.*network\.out_channels=2"):
        denoiser(X, torch.tensor(0.5).double())


class Narrow(torch.nn.Module):
    def forward(self, x, level, condition=None):
        return x
