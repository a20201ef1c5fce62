from functools import partial

import pytest
import torch
from torch import nn

from genlab.objectives.patch_adversary import PatchAdversary


class Mean(nn.Module):
    """Answers a picture with its mean, times a number."""

    def __init__(self):
        super().__init__()
        self.factor = nn.Parameter(torch.tensor(2.0))

    def forward(self, x):
        return self.factor * x.mean((1, 2, 3), keepdim=True)


def adversary(**options):
    return PatchAdversary(Mean(), partial(torch.optim.SGD, lr=0.1), **options)


def test_the_hinge_loss_is_nothing_where_the_critic_is_right_and_sure():
    light, dark, grey = torch.ones(3, 1, 2, 2), -torch.ones(3, 1, 2, 2), torch.zeros(3, 1, 2, 2)
    assert adversary().critic_loss(light, dark) == 0
    assert adversary().critic_loss(grey, grey) == 1
    assert adversary().critic_loss(dark, light) == 3
    assert adversary().deceit(light) == -2


@pytest.mark.parametrize("size", [0.01, 1.0, 100.0])
def test_however_large_its_gradient_the_adversary_pulls_as_its_weight_says(size):
    last = torch.tensor([1.0, 2.0], requires_grad=True)
    error, deceit = (last * torch.tensor([3.0, 4.0])).sum(), size * (last * torch.tensor([-1.0, 0.0])).sum()
    weight = adversary(weight=0.5).adaptive_weight(error, deceit, last)
    (pull,) = torch.autograd.grad(weight * deceit, last)
    assert pull.norm().item() == pytest.approx(0.5 * 5, rel=1e-3)
