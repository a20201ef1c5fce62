from functools import partial

import pytest
import torch

from genlab.data.batch import Batch
from genlab.models.score import Score
from genlab.networks.mlp import MLP
from genlab.objectives.score_matching import Denoising
from genlab.protocols import Samples


def model(network, **options):
    return Score(network, Denoising(0.1), [2], partial(torch.optim.Adam, lr=5e-3), **options)


class Pull(torch.nn.Module):
    """The score of N(mean, std**2)."""

    def forward(self, x, level, condition=None):
        return (torch.tensor([0.3, -0.2]) - x) / 0.5**2


def test_langevin_draws_from_the_density_of_the_score():
    x = model(Pull(), steps=400, step_size=5e-3).sample(5000, generator=torch.Generator().manual_seed(0))
    assert torch.allclose(x.mean(0), torch.tensor([0.3, -0.2]), atol=0.03)
    assert torch.allclose(x.std(0), torch.full((2,), 0.5), rtol=0.05)


def test_training_learns_the_field():
    torch.manual_seed(0)
    family = model(MLP([2], 32, 2))
    optimizer = family.configure_optimizers()
    for _ in range(400):
        loss = family.loss(Batch(0.5 * torch.randn(256, 2)))["loss"]
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    x = 0.5 * torch.randn(500, 2)
    exact = -x / (0.5**2 + 0.1**2)
    assert float((family.field(x) - exact).square().mean() / exact.square().mean()) < 0.1


def test_it_samples_and_takes_no_label():
    assert isinstance(model(Pull()), Samples)
    with pytest.raises(ValueError, match="unconditional"):
        model(Pull()).sample(2, torch.tensor([1, 2]))
