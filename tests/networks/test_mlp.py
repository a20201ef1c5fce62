import pytest
import torch

from genlab.conditions import ConditionTensors
from genlab.networks.mlp import MLP
from genlab.networks.timestep import TimestepEmbedding


def test_it_keeps_the_shape_or_gives_as_many_outputs_as_asked():
    level = torch.zeros(5)
    assert MLP([2])(torch.randn(5, 2), level).shape == (5, 2)
    assert MLP([1, 8, 8])(torch.randn(5, 1, 8, 8), level).shape == (5, 1, 8, 8)
    assert MLP([1, 8, 8], outputs=10)(torch.randn(5, 1, 8, 8), level).shape == (5, 10)


def test_it_begins_at_zero_and_learns_a_function_of_the_level_and_the_class():
    torch.manual_seed(0)
    network = MLP([2], width=32, depth=2, num_classes=3)
    x, level, label = torch.randn(256, 2), torch.rand(256) * 1000, torch.randint(3, (256,))
    assert torch.equal(network(x, level, ConditionTensors(label)), torch.zeros(256, 2))
    target = x * (label[:, None] - 1) + (level > 500)[:, None]
    optimizer = torch.optim.Adam(network.parameters(), 1e-2)
    for _ in range(300):
        loss = (network(x, level, ConditionTensors(label)) - target).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert loss.item() < 0.1 * float(target.var())


def test_a_label_is_missed():
    with pytest.raises(ValueError, match="needs a label"):
        MLP([2], num_classes=3)(torch.zeros(1, 2), torch.zeros(1))


def test_the_time_embedding_tells_neighbouring_steps_apart():
    angles = torch.arange(1000.0)[:, None] * TimestepEmbedding(64).frequencies
    waves = torch.cat([angles.sin(), angles.cos()], dim=1)
    distance = torch.cdist(waves, waves) + 10 * torch.eye(1000)
    assert float(distance.min()) > 0.5
    with pytest.raises(ValueError, match="must be even"):
        TimestepEmbedding(33)
