"""Integers: the estimate of clean data is their logits, and guidance and the loop of sampling serve it as any other.

The process masks values (absorbing diffusion; Austin et al. 2021, "Structured denoising diffusion ..."); the data are
two values of 0 and 1 that are equal in 9 draws of 10, and the network knows each exactly, given the other.
"""

from dataclasses import dataclass
from functools import partial

import pytest
import torch

from genlab.codecs.levels import Levels
from genlab.conditioning.condition import Condition
from genlab.conditioning.label import LabelConditioner
from genlab.conditions import ConditionTensors
from genlab.denoisers.restorer import Restorer
from genlab.guidance.classifier_free import ClassifierFree
from genlab.guidance.interval import Interval
from genlab.guidance.loss_gradient import LossGradient
from genlab.guidance.unguided import Unguided
from genlab.models.diffusion import Diffusion
from genlab.objectives.restoration import Restoration
from genlab.objectives.times import Uniform
from genlab.processes.degrading import Steady
from genlab.randomness import rand
from genlab.samplers.grids import Even
from genlab.samplers.recorrupt import Recorrupt
from genlab.samplers.sampler import Sampler

JOINT = torch.tensor([[0.45, 0.05], [0.05, 0.45]])
MASK = 2
FAVOUR = torch.tensor([0.0, 4.0]).reshape(1, 2, 1, 1, 1)


class Masking:
    schedule = Steady()

    def prior(self, shape, t, generator=None, device=None):
        return torch.full(shape, MASK)

    def corrupt(self, x0, t, noise=None, generator=None):
        t = t.float().reshape(-1, *[1] * (x0.ndim - 1)) if t.ndim else t
        return torch.where(rand(x0.shape, generator, x0.device) < t, MASK, x0)

    def shown(self, x_t, t, clean):
        return torch.where(x_t == MASK, clean, x_t)


class Exact(torch.nn.Module):
    """The logits (batch, 2, 1, 1, 2) of each value given the other; a label adds 4 of them to the value 1."""

    def forward(self, x, level, condition=None):
        assert (x.dtype, level.dtype) == (torch.int64, torch.float32)
        given_other = torch.cat([JOINT / JOINT.sum(1, keepdim=True), torch.full((1, 2), 0.5)])
        logits = given_other[x.flip(-1)].log().movedim(-1, 1)
        return logits if condition is None else logits + (condition.label == 1).reshape(-1, 1, 1, 1, 1) * FAVOUR


@dataclass(frozen=True)
class Unmask:
    """The absorbing process's own reverse step: a masked value is shown with probability (t - s) / t."""

    needs_noise, refuses_noise = False, True

    def init(self, x, t):
        return None

    def step(self, process, denoise, x, t, s, state, generator=None):
        u = rand((len(x), 2, *x.shape[1:]), generator, x.device)
        drawn = (u[:, 0] < denoise(x, t).x0.softmax(1)[:, 1]).long()
        return torch.where((x == MASK) & (u[:, 1] < (t - s) / t), drawn, x), None

    def calls(self, steps):
        return steps


def model(solver=None, guidance=None, steps=32):
    return Diffusion(
        denoiser=Restorer(Exact(), Masking()), objective=Restoration(Uniform()),
        conditioner=LabelConditioner(2, dropout=0.1), sampler=Sampler(solver or Unmask(), Even(), steps),
        guidance=guidance or Unguided(), codec=Levels(1, [1, 2], 2), shape=[1, 1, 2],
        optimizer=partial(torch.optim.Adam, lr=1e-3),
    )  # fmt: skip


def pairs(diffusion, n=4000):
    """How often each pair of values is drawn, with the label 0: (2, 2)."""
    *_, last = diffusion.trajectory(n, torch.zeros(n), generator=torch.Generator().manual_seed(0))
    assert last.x.dtype == torch.int64
    return torch.stack([2 * last.x[..., 0] + last.x[..., 1] == k for k in range(4)]).flatten(1).float().mean(1)


def test_many_steps_draw_the_joint_law_and_one_the_product_of_the_marginals():
    assert torch.allclose(pairs(model(steps=64)), JOINT.flatten(), atol=0.04)
    assert torch.allclose(pairs(model(steps=1)), torch.full((4,), 0.25), atol=0.03)


def test_an_estimate_of_integers_is_what_the_network_said_of_them():
    x_t = torch.tensor([[[[0, MASK]]], [[[MASK, MASK]]]])
    estimate = Restorer(Exact(), Masking())(x_t, torch.tensor(0.5).double())
    assert estimate.x_t is x_t
    assert torch.equal(estimate.x0, Exact()(x_t, torch.zeros(2)))
    half = estimate.first(1)
    assert torch.equal(half.x0, estimate.x0[:1])
    assert torch.equal(half.x_t, x_t[:1])


@pytest.mark.parametrize("t", [torch.tensor(0.5).double(), torch.full((3,), 0.5)], ids=["scalar", "batch"])
def test_guidance_mixes_logits(t):
    denoise = Restorer(Exact(), Masking())
    x_t, condition = (
        torch.full((3, 1, 1, 2), MASK),
        Condition(*map(ConditionTensors, torch.tensor([[1.0] * 3, [0.0] * 3]))),
    )
    null = denoise(x_t, t, Condition(condition.null)).x0
    strong = ClassifierFree(3.0)
    for guidance, scale in ((strong, 3), (Interval(strong, 0.2, 0.8), 3), (Interval(strong, 0.6, 0.8), 1)):
        guided = guidance(denoise)(x_t, t, condition)
        assert guided.x_t.shape == x_t.shape
        assert torch.allclose(guided.x0, null + scale * FAVOUR, atol=1e-5)


def test_moments_and_pictures_show_the_likeliest_values():
    diffusion = model(steps=4)
    for moment in diffusion.trajectory(50, torch.ones(50), generator=torch.Generator().manual_seed(0)):
        assert moment.x0.shape == (50, 2, 1, 1, 2)
        assert torch.equal(moment.clean, moment.x0.argmax(1))
    x, x0 = diffusion.denoising_trajectory(50, 4, torch.ones(50), generator=torch.Generator().manual_seed(0))
    assert set(x.unique().tolist()) | set(x0.unique().tolist()) <= {-1.0, 1.0}
    assert torch.equal(x[0], x0[0])  # little is drawn yet: masked values are shown as the guess


def test_a_step_for_any_process_takes_the_likeliest_values():
    diffusion = model(Recorrupt(), steps=4)
    assert diffusion.sample(20, torch.ones(20)).shape == (20, 1, 1, 2)


def test_what_follows_gaussian_noise_is_refused_before_training():
    for guidance in (LossGradient(None), Interval(LossGradient(None), 0.0, 0.5)):
        with pytest.raises(ValueError, match="through Gaussian noise, and this process adds none: take guidance=none"):
            model(guidance=guidance)
