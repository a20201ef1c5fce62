"""Reflow: the pairs are the teacher's map, the same every time, and what learns them is straighter."""

import pytest
import torch
from torch import nn

from genlab.conditioning.condition import Condition
from genlab.conditioning.label import LabelConditioner
from genlab.conditioning.unconditional import Unconditional
from genlab.conditions import ConditionTensors
from genlab.denoisers.denoiser import Denoiser
from genlab.denoisers.velocity import Velocity
from genlab.guidance.unguided import Unguided
from genlab.networks.mlp import MLP
from genlab.objectives.reflow import Reflow
from genlab.objectives.teacher import Teacher
from genlab.objectives.times import Uniform
from genlab.objectives.weights import Unit
from genlab.processes.gaussian import Gaussian
from genlab.processes.linear_path import LinearPath
from genlab.processes.vp import VP
from genlab.samplers.ancestral import Ancestral
from genlab.samplers.grids import Even
from genlab.samplers.heun import Heun
from genlab.samplers.sampler import Sampler
from oracles import MixtureData, NormalData

PROCESS = Gaussian(LinearPath())
FOUR = torch.tensor([[1.0, 1.0], [1.0, -1.0], [-1.0, 1.0], [-1.0, -1.0]])
LIKE = torch.zeros(64, 2)


class Known(nn.Module):
    """A trained flow, exact: of N(0.3, 0.5**2) data, of label k's N(k, 0.5**2), or of four points with some width."""

    def __init__(self, data, conditioner=None, process=PROCESS):
        super().__init__()
        self.denoiser = _Exact(data, process)
        self.guidance, self.conditioner = Unguided(), conditioner or Unconditional()


class _Exact(nn.Module):
    def __init__(self, data, process):
        super().__init__()
        self.data, self.process = data, process

    def forward(self, x_t, t, condition=None):
        return self.data(x_t, t, condition)


def normal(x_t, t, condition=None):
    return NormalData(PROCESS, 0.3, 0.5)(x_t, t)


def by_label(x_t, t, condition):
    return NormalData(PROCESS, condition.given.label[:, None].to(x_t.dtype), 0.5)(x_t, t)


def four(x_t, t, condition=None):
    return MixtureData(PROCESS, FOUR, torch.full((4,), 0.25), 0.15)(x_t, t)


def reflow(data=normal, conditioner=None, steps=100, n_pairs=1000, seed=0):
    teacher = Teacher(Known(data, conditioner))
    return Reflow(teacher, Sampler(Heun(), Even(), steps), Uniform(), Unit(), n_pairs, seed)


def test_a_pair_is_noise_and_where_the_teachers_flow_takes_it():
    """For normal data the flow is known: x = mean + std z."""
    pairs = reflow().block(3, LIKE)
    assert torch.allclose(pairs.sample, 0.3 + 0.5 * pairs.noise, atol=2e-3)
    assert float(pairs.noise.std()) == pytest.approx(1.0, abs=0.15)


def test_pairs_are_the_same_in_every_run_and_others_for_another_seed():
    one, again, other = reflow(), reflow(), reflow(seed=1)
    assert torch.equal(one.block(2, LIKE).sample, again.block(2, LIKE).sample)
    assert one.block(2, LIKE) is one.block(2, LIKE)
    assert not torch.equal(one.block(2, LIKE).noise, one.block(3, LIKE).noise)
    assert not torch.equal(one.block(2, LIKE).noise, other.block(2, LIKE).noise)


def test_a_training_that_is_resumed_sees_the_same_pairs():
    def losses(objective, steps):
        student = Denoiser(nn.Identity(), PROCESS, Velocity())
        student.network = Zero()
        found = []
        for step in steps:
            torch.manual_seed(step)
            found.append(float(objective(student, torch.zeros(100, 2))["loss"]))
        return found

    assert losses(reflow(), range(6))[3:] == losses(reflow(), range(3, 6))
    assert reflow().state_dict() == {}


class Zero(nn.Module):
    def forward(self, x, level, condition=None):
        return torch.zeros_like(x)


def test_labels_are_the_teachers_in_turn_and_dropped_where_the_students_are():
    objective = reflow(by_label, LabelConditioner(3, dropout=0.5))
    pairs = objective.block(1, LIKE)
    assert torch.equal(pairs.condition.given.label, torch.arange(64, 128) % 3)
    assert torch.allclose(pairs.sample - 0.5 * pairs.noise, pairs.condition.given.label[:, None].float(), atol=2e-3)
    told = []

    class Listens(Zero):
        def forward(self, x, level, condition=None):
            told.append(condition.label)
            return torch.zeros_like(x)

    student = Denoiser(Listens(), PROCESS, Velocity())
    given = torch.tensor([0, 3] * 32)  # 3 stands for no label
    null = ConditionTensors(torch.full((64,), 3))
    objective(student, LIKE, Condition(ConditionTensors(given), null, dropped=given == 3))
    assert torch.equal(told[0] == 3, given == 3)
    assert set(told[0].tolist()) == {0, 1, 2, 3}


def test_validation_has_pairs_that_are_not_trained_on():
    objective = reflow(n_pairs=128).eval()
    student = Denoiser(Zero(), PROCESS, Velocity())
    objective(student, torch.zeros(100, 2))
    assert set(objective._blocks) == {2, 3}
    for step in range(8):
        torch.manual_seed(step)
        objective.train()(student, torch.zeros(100, 2))
    assert set(objective._blocks) == {0, 1, 2, 3}


def drawn(denoise, steps, noise):
    *_, last = Sampler(Ancestral(0.0), Even(), steps).solved(PROCESS, denoise, noise)
    return last.x


def test_what_learns_the_pairs_is_straighter_than_the_teacher():
    """A step of Euler's method errs by how much the velocity changes along it; here by less than a fifth."""
    torch.manual_seed(0)
    objective, student = reflow(four, steps=40, n_pairs=4000), Denoiser(MLP([2], 64, 3), PROCESS, Velocity())
    optimizer = torch.optim.Adam(student.parameters(), 3e-3)
    for _ in range(600):
        loss = objective(student, torch.zeros(256, 2))["loss"]
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    noise = torch.randn(1000, 2, generator=torch.Generator().manual_seed(1))
    target = drawn(four, 200, noise)

    def error(denoise, steps):
        return float((drawn(denoise, steps, noise) - target).square().mean())

    assert error(student, 1) < 0.2 * error(four, 1)
    assert error(student, 2) < 0.2 * error(four, 2)


def test_what_it_cannot_learn_from_is_said():
    process = Gaussian(VP())
    with pytest.raises(ValueError, match=r"needs a schedule that ends in noise alone.*linear_path, not VP"):
        Reflow(Teacher(Known(normal, None, process)), Sampler(Heun(), Even(), 5), Uniform(), Unit())
    with pytest.raises(ValueError, match="must add no fresh noise"):
        Reflow(Teacher(Known(normal)), Sampler(Ancestral(1.0), Even(), 5), Uniform(), Unit())
