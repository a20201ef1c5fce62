import pytest
import torch
from torch import nn

from genlab.conditions import ConditionTensors
from genlab.networks.experts import Experts


class Times(nn.Module):
    """Multiplies by a number, and adds the label where there is one."""

    def __init__(self, factor):
        super().__init__()
        self.factor = nn.Parameter(torch.tensor(factor))

    def forward(self, x, level, condition=None):
        return self.factor * x + (0 if condition is None else condition.label[:, None])


def test_each_item_goes_to_the_expert_of_its_level():
    experts = Experts([Times(1.0), Times(10.0), Times(100.0)], [200.0, 600.0])
    level = torch.tensor([0.0, 199.0, 200.0, 599.0, 600.0, 999.0])
    factors = torch.tensor([1.0, 1, 10, 10, 100, 100])[:, None]
    x = torch.randn(6, 2)
    assert torch.equal(experts(x, level), factors * x)
    assert torch.equal(experts(x, level, ConditionTensors(torch.arange(6))), factors * x + torch.arange(6)[:, None])


def test_an_expert_learns_from_its_own_levels_alone():
    experts = Experts([Times(1.0), Times(10.0)], [500.0])
    experts(torch.ones(3, 2), torch.tensor([1.0, 2.0, 3.0])).sum().backward()
    low, high = (network.factor.grad for network in experts.networks)
    assert float(low) == 6
    assert high is None


@pytest.mark.parametrize("boundaries", [[], [600.0, 200.0], [200.0, 200.0]])
def test_boundaries_that_do_not_fit(boundaries):
    with pytest.raises(ValueError, match=r"network\.boundaries=.* must be 2 rising levels between 3 networks"):
        Experts([Times(1.0), Times(2.0), Times(3.0)], boundaries)
