"""Students learn what their teachers do: checked on exact teachers, whose paths are known."""

from itertools import pairwise

import pytest
import torch
from torch import nn

from genlab.conditioning.condition import Condition
from genlab.conditioning.label import LabelConditioner
from genlab.conditioning.unconditional import Unconditional
from genlab.conditions import ConditionTensors
from genlab.denoisers.consistency import Consistency as ConsistencyOutput
from genlab.denoisers.denoiser import Denoiser
from genlab.denoisers.v import V
from genlab.denoisers.x0 import X0
from genlab.guidance.classifier_free import ClassifierFree
from genlab.guidance.unguided import Unguided
from genlab.networks.mlp import MLP
from genlab.objectives.consistency import Consistency
from genlab.objectives.progressive import Progressive, two_steps
from genlab.objectives.reflow import Reflow
from genlab.objectives.teacher import MatchTeacher, Teacher
from genlab.objectives.times import Uniform
from genlab.objectives.weights import Unit
from genlab.processes.edm import EDM
from genlab.processes.gaussian import Gaussian
from genlab.processes.linear import Linear
from genlab.processes.linear_path import LinearPath
from genlab.samplers.ancestral import Ancestral
from genlab.samplers.grids import Even
from genlab.samplers.recorrupt import Recorrupt
from genlab.samplers.sampler import Sampler
from oracles import NormalData

STD = 0.5


class Known(nn.Module):
    """A trained model of N(mean, STD**2) data, the mean by label: 1 for label 1, 0 for label 0 and for none (2)."""

    def __init__(self, process, guidance=None):
        super().__init__()
        self.denoiser = _Exact(process)
        self.guidance = guidance or Unguided()
        self.conditioner = Unconditional()


class _Exact(nn.Module):
    def __init__(self, process):
        super().__init__()
        self.process = process

    def forward(self, x_t, t, condition=None):
        mean = 0.0 if condition is None else (condition.given.label == 1).to(x_t.dtype)[:, None]
        return NormalData(self.process, mean, STD)(x_t, t)


def trained(objective, denoiser, data, steps=500, lr=3e-3):
    torch.manual_seed(0)
    optimizer = torch.optim.Adam(denoiser.parameters(), lr)
    for _ in range(steps):
        loss = objective(denoiser, *data())["loss"]
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return denoiser.eval()


def points():
    return (STD * torch.randn(256, 2),)


@pytest.mark.parametrize("schedule", [LinearPath(), Linear()], ids=lambda s: type(s).__name__)
@pytest.mark.parametrize(("t", "middle", "s"), [(1.0, 0.75, 0.5), (0.5, 0.25, 0.0)])
def test_one_step_to_the_wanted_estimate_is_two_steps_of_the_teacher(schedule, t, middle, s):
    process = Gaussian(schedule)
    teacher, ddim = NormalData(process, 0.3, STD), Ancestral(0.0)
    x, times = torch.randn(5, 2).double(), [torch.full((5,), value, dtype=torch.float64) for value in (t, middle, s)]
    wanted = two_steps(process, teacher, x, *times)
    x_middle, _ = ddim.step(process, teacher, x, times[0], times[1], None)
    expected, _ = ddim.step(process, teacher, x_middle, times[1], times[2], None)
    one, _ = ddim.step(process, lambda a, b: teacher(a, b).with_x0(wanted), x, times[0], times[2], None)
    assert torch.allclose(one, expected, atol=1e-8)


def test_a_student_of_progressive_distillation_takes_half_of_the_steps():
    process = Gaussian(LinearPath())
    student = Denoiser(MLP([2], 32, 2), process, V())
    trained(Progressive(Teacher(Known(process)), 4), student, points)
    noise = torch.randn(500, 2, generator=torch.Generator().manual_seed(1))

    def drawn(denoise, steps):
        x, times = noise, Even()(LinearPath(), steps)
        for t, s in pairwise(times):
            x, _ = Ancestral(0.0).step(process, denoise, x, t, s, None)
        return x.detach()

    eight, four = drawn(NormalData(process, 0.0, STD), 8), drawn(student, 4)
    undistilled = drawn(NormalData(process, 0.0, STD), 4)
    assert float((four - eight).square().mean()) < 0.5 * float((undistilled - eight).square().mean())


CONSISTENCY = {
    "training": (Consistency(20), 3e-3),
    "distillation": (Consistency(10, teacher=Teacher(Known(Gaussian(EDM(0.02, 20.0))))), 5e-3),
}


@pytest.mark.parametrize("name", CONSISTENCY)
def test_a_consistency_model_draws_data_in_one_step(name):
    objective, lr = CONSISTENCY[name]
    torch.manual_seed(0)  # the first weights
    process = Gaussian(EDM(0.02, 20.0), data_std=STD)
    student = Denoiser(MLP([2], 64, 2), process, ConsistencyOutput(0.5, 0.02))
    trained(objective, student, points, 800, lr)
    sampler = Sampler(Recorrupt(), Even(), 1)
    *_, last = sampler(process, student, (4000, 2), generator=torch.Generator().manual_seed(1))
    assert float(last.x.mean()) == pytest.approx(0.0, abs=0.1)
    assert float(last.x.std()) == pytest.approx(STD, rel=0.25)


def test_the_lowest_level_is_the_identity_so_that_the_loss_of_a_perfect_model_vanishes():
    """f(x_t, t) = x_t times the ratio of widths is consistent along the path of normal data."""
    process = Gaussian(EDM(0.02, 20.0))

    class Perfect(nn.Module):
        process = Gaussian(EDM(0.02, 20.0))

        def forward(self, x_t, t, condition=None):
            ratio = (STD**2 / (STD**2 + t**2)).sqrt()[:, None]
            return NormalData(self.process, 0.0, STD)(x_t, t).with_x0(ratio * x_t)

    x0 = STD * torch.randn(4000, 2, dtype=torch.float64)
    generator = torch.Generator().manual_seed(0)
    solved = Consistency(200, teacher=Teacher(Known(process)))(Perfect(), x0, generator=generator)["loss"]
    alone = Consistency(200)(Perfect(), x0, generator=torch.Generator().manual_seed(0))["loss"]
    assert float(solved) < 0.01 * float(alone)


def test_a_guided_teacher_is_learnt_in_one_call():
    process = Gaussian(LinearPath())
    teacher = Teacher(Known(process, ClassifierFree(2.0)))

    def labelled():
        label = torch.randint(2, (256,))
        return label[:, None] + STD * torch.randn(256, 2), Condition(
            ConditionTensors(label), ConditionTensors(torch.full_like(label, 2))
        )

    student = Denoiser(MLP([2], 32, 2, num_classes=2), process, V())
    trained(MatchTeacher(teacher, Uniform(), Unit()), student, labelled)
    x0, condition = labelled()
    t = torch.rand(256) * 0.9 + 0.05
    x_t = process.corrupt(x0, t)
    guided, plain = teacher.denoise(x_t, t, condition).x0, teacher.denoiser(x_t, t, condition).x0
    learnt = student(x_t, t, condition).x0
    assert float((learnt - guided).square().mean()) < 0.2 * float((plain - guided).square().mean())


def test_a_student_needs_no_empty_condition_for_a_guided_teacher():
    """Its batches then hold every label, and the teacher compares with what it knows as no label itself."""
    process, told = Gaussian(LinearPath()), []

    class Listens(_Exact):
        def forward(self, x_t, t, condition=None):
            told.append(condition.given.label)
            return super().forward(x_t, t, condition)

    known = Known(process, ClassifierFree(2.0))
    known.denoiser, known.conditioner = Listens(process), LabelConditioner(2, dropout=0.1)
    Teacher(known).denoise(
        torch.zeros(3, 2), torch.full((3,), 0.5), Condition(ConditionTensors(torch.tensor([0, 1, 1])))
    )
    assert told[0].tolist() == [0, 1, 1, 2, 2, 2]


@pytest.mark.parametrize("name", ["progressive", "consistency", "match", "reflow"])
def test_a_teacher_of_other_noise_is_refused(name):
    known = Known(Gaussian(LinearPath(2.0)))
    teacher = Teacher(known)
    objective = {
        "progressive": Progressive(teacher, 4),
        "consistency": Consistency(10, teacher=teacher),
        "match": MatchTeacher(teacher, Uniform(), Unit()),
        "reflow": Reflow(teacher, Sampler(Ancestral(0.0), Even(), 4), Uniform(), Unit()),
    }[name]
    student = Denoiser(MLP([2]), Gaussian(LinearPath()), V())
    with pytest.raises(ValueError, match=r"other noise \(LinearPath\).*take the teacher's scheduler"):
        objective(student, torch.zeros(4, 2))


def test_a_teacher_is_frozen_and_names_a_checkpoint_that_does_not_fit(tmp_path):
    first = nn.Module()
    first.denoiser, first.guidance = Denoiser(MLP([2]), Gaussian(LinearPath()), X0()), Unguided()
    first.conditioner = Unconditional()
    teacher = Teacher(first)
    assert not any(p.requires_grad for p in teacher.parameters())
    assert not teacher.train().denoiser.training
    torch.save({"state_dict": {}}, tmp_path / "other.ckpt")
    with pytest.raises(ValueError, match=r"objective\.teacher\.checkpoint=.*does not fit"):
        Teacher(first, str(tmp_path / "other.ckpt"))
