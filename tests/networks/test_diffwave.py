"""DiffWave sees as far as its formula says, and begins as a network that predicts nothing."""

import warnings

import pytest
import torch

from genlab.conditions import ConditionTensors
from genlab.networks.diffwave import DiffWave, reach
from genlab.notice import Notice


@pytest.fixture(autouse=True)
def _the_same_weights_every_time():
    torch.manual_seed(0)


@pytest.mark.parametrize(("layers", "cycle", "expected"), [(20, 10, 4093), (30, 10, 6139), (22, 11, 8189), (3, 2, 9)])
def test_the_reach_is_one_and_twice_the_sum_of_the_dilations(layers, cycle, expected):
    assert reach([2 ** (i % cycle) for i in range(layers)]) == expected


def test_the_gradient_reaches_as_far_as_the_formula_says_and_no_farther():
    network = DiffWave(45, width=4, layers=8, cycle=4)
    assert network.reach == 61
    network = network.double()
    torch.nn.init.normal_(network.last[2].weight)
    x = torch.randn(1, 1, 101, dtype=torch.float64, requires_grad=True)
    network(x, torch.ones(1, dtype=torch.float64))[0, 0, 50].backward()
    seen = x.grad[0, 0].nonzero().flatten()
    assert (seen.min().item(), seen.max().item()) == (50 - 30, 50 + 30)


def test_a_clip_that_is_longer_than_the_reach_is_told_of_with_what_would_reach():
    with pytest.warns(Notice, match=r"sees 61 samples, and a clip has 62: .* such as 10 and 5"):
        DiffWave(62, width=4, layers=8, cycle=4)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        DiffWave(61, width=4, layers=8, cycle=4)
        DiffWave(62, width=4, layers=10, cycle=5)


def test_it_begins_at_zero_and_hears_the_level_and_the_class():
    network = DiffWave(16, width=16, layers=4, cycle=4, num_classes=3)
    x, level = torch.randn(2, 1, 16), torch.tensor([1.0, 40.0])
    told = ConditionTensors(label=torch.tensor([0, 2]))
    assert network.reads == frozenset({"label"})
    assert torch.equal(network(x, level, told), torch.zeros(2, 1, 16))
    torch.nn.init.normal_(network.last[2].weight)
    out = network(x, level, told)
    assert not torch.equal(network(x, level.flip(0), told), out)
    assert not torch.equal(network(x, level, ConditionTensors(label=torch.tensor([1, 1]))), out)
    with pytest.raises(ValueError, match="it needs a label"):
        network(x, level)
