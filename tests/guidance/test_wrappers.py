"""Guidance of guidance: an interval of noise levels, a threshold, a worse model; and classifier-free's rescaling."""

import pytest
import torch
from torch import nn

from genlab.conditioning.condition import Condition
from genlab.conditions import ConditionTensors
from genlab.guidance.autoguidance import Autoguidance
from genlab.guidance.classifier_free import ClassifierFree
from genlab.guidance.dynamic_threshold import DynamicThreshold
from genlab.guidance.interval import Interval
from genlab.guidance.unguided import Unguided
from genlab.processes.gaussian import Gaussian
from genlab.processes.linear import Linear
from oracles import MixtureData, NormalData

PROCESS = Gaussian(Linear())
MIXTURE = MixtureData(PROCESS, torch.tensor([[-1.0, 0.0], [1.0, 0.0], [0.0, 2.0]]), torch.tensor([0.2, 0.3, 0.5]), 0.3)
X = torch.randn(5, 2, generator=torch.Generator().manual_seed(0))
CONDITION = Condition(
    given=ConditionTensors(pooled=torch.eye(3)[[0, 1, 2, 1, 0]]), null=ConditionTensors(pooled=torch.ones(5, 3))
)
STRONG = ClassifierFree(4.0)


def test_rescaling_gives_back_the_conditional_models_spread():
    t = torch.tensor(0.5).double()
    given, plain = MIXTURE(X, t, CONDITION).x0, STRONG(MIXTURE)(X, t, CONDITION).x0
    full, half = (ClassifierFree(4.0, rescale)(MIXTURE)(X, t, CONDITION).x0 for rescale in (1.0, 0.5))
    assert torch.allclose(full.std(1), given.std(1), atol=1e-5)
    assert torch.allclose(half, (full + plain) / 2, atol=1e-5)
    assert (plain.std(1) - given.std(1)).abs().max() > 0.1


@pytest.mark.parametrize("t", [0.1, 0.2, 0.5, 0.8, 0.9])
def test_an_interval_guides_inside_and_nowhere_else(t):
    time = torch.tensor(t, dtype=torch.float64)
    inside = 0.2 < t <= 0.8
    expected = (STRONG(MIXTURE) if inside else MIXTURE)(X, time, CONDITION).x0
    assert torch.equal(Interval(STRONG, 0.2, 0.8)(MIXTURE)(X, time, CONDITION).x0, expected)


def test_an_interval_of_a_time_for_each_item():
    times = torch.tensor([0.1, 0.3, 0.5, 0.8, 1.0])
    together = Interval(STRONG, 0.2, 0.8)(MIXTURE)(X, times, CONDITION).x0
    guided, plain = STRONG(MIXTURE)(X, times, CONDITION).x0, MIXTURE(X, times, CONDITION).x0
    assert torch.equal(together[1:4], guided[1:4])
    assert torch.equal(together[[0, 4]], plain[[0, 4]])


def test_an_interval_costs_nothing_outside():
    sizes = []

    def counted(x_t, t, condition=None):
        sizes.append(len(x_t))
        return MIXTURE(x_t, t, condition)

    for t in (0.1, 0.5):
        Interval(STRONG, 0.2, 0.8)(counted)(X, torch.tensor(t).double(), CONDITION)
    assert sizes == [5, 10]
    with pytest.raises(ValueError, match=r"guidance\.low=0\.5 must be less than guidance\.high=0\.5"):
        Interval(STRONG, 0.5, 0.5)


def test_a_threshold_leaves_what_is_within_the_limit_and_shrinks_what_is_not():
    t = torch.tensor(1e-3).double()
    sure = NormalData(PROCESS, 0.0, 100.0)  # believes what it sees
    x = torch.stack([torch.linspace(-0.9, 0.9, 1000), torch.linspace(-3, 3, 1000)])
    small, large = DynamicThreshold(Unguided(), 0.9)(sure)(x, t).x0
    assert torch.allclose(small, sure(x, t).x0[0])
    assert float(large.abs().max()) == pytest.approx(1.0)
    assert float((large.abs() > 0.999).float().mean()) == pytest.approx(0.1, abs=0.01)
    assert torch.allclose(large[500:900] / large[600], sure(x, t).x0[1, 500:900] / sure(x, t).x0[1, 600], atol=1e-4)


@pytest.mark.parametrize("wrap", [lambda g: Interval(g, 0.2, 0.8), DynamicThreshold])
def test_wrappers_say_what_they_need(wrap):
    assert wrap(STRONG).needs_null
    assert not wrap(ClassifierFree(1.0)).needs_null
    assert not wrap(Unguided()).needs_null


class Trained(nn.Module):
    """A model whose denoiser always says its one weight."""

    def __init__(self, value):
        super().__init__()
        self.denoiser = _Says(value)


class _Says(nn.Module):
    def __init__(self, value):
        super().__init__()
        self.value = nn.Parameter(torch.tensor(value))

    def forward(self, x_t, t, condition=None):
        return NormalData(PROCESS, 0.0, 1.0)(x_t, t).with_x0(self.value.expand_as(x_t))


def test_autoguidance_goes_away_from_the_weak_model_whose_weights_stay(tmp_path):
    weak = Trained(0.2)
    torch.save({"state_dict": Trained(0.4).state_dict()}, tmp_path / "weak.ckpt")
    t = torch.tensor(0.5).double()
    assert float(Autoguidance(weak, None, 3.0)(_Says(0.5))(X, t).x0[0, 0]) == pytest.approx(0.2 + 3 * 0.3)
    loaded = Autoguidance(weak, str(tmp_path / "weak.ckpt"), 3.0)
    assert float(loaded(_Says(0.5))(X, t).x0[0, 0]) == pytest.approx(0.4 + 3 * 0.1)
    assert not any(p.requires_grad for p in loaded.parameters())
    torch.save({"state_dict": {}}, tmp_path / "other.ckpt")
    with pytest.raises(ValueError, match="does not fit the guiding model"):
        Autoguidance(weak, str(tmp_path / "other.ckpt"))
