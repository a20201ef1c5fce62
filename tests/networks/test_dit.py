import pytest
import torch

from genlab.conditions import ConditionTensors
from genlab.networks.dit import DiT


def stirred(**options):
    """A DiT whose zero layers are not zero, so that everything matters."""
    torch.manual_seed(0)
    network = DiT(2, 8, width=32, depth=2, heads=4, **options)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.add_(0.1 * torch.randn_like(parameter))
    return network


X, LEVEL = torch.randn(3, 2, 8, 8, generator=torch.Generator().manual_seed(1)), torch.tensor([0.0, 400.0, 999.0])


def test_it_begins_as_zero_and_each_block_as_the_identity():
    network = DiT(2, 8, width=32, depth=2, heads=4)
    tokens, told = torch.randn(3, 16, 32), torch.randn(3, 32)
    assert torch.equal(network.blocks[0](tokens, told), tokens)
    assert torch.equal(network(X, LEVEL), torch.zeros_like(X))


def test_patches_return_to_their_places():
    """With the identity as its last layer the network hands each patch back where it was."""
    network = DiT(2, 8, patch=2, width=8, depth=1, heads=2)
    with torch.no_grad():
        network.in_proj.weight.copy_(torch.eye(8).reshape(8, 2, 2, 2))
        network.in_proj.bias.zero_()
        network.positions.zero_()
        network.out_proj.weight.copy_(torch.eye(8))
        network.norm = torch.nn.Identity()
        assert torch.allclose(network(X, LEVEL), X)


def test_every_pixel_hears_every_other():
    x = X.clone().requires_grad_()
    stirred()(x, LEVEL)[0, 0, 0, 0].backward()
    assert bool((x.grad[0] != 0).all())
    assert not bool(x.grad[1:].any())


def test_a_place_is_known():
    """Patches that are moved are not just moved in the output: each token has its position."""
    network, rolled = stirred(), X.roll(2, -1)
    assert (network(rolled, LEVEL) - network(X, LEVEL).roll(2, -1)).abs().max() > 1e-3


def test_it_hears_the_level_and_the_class():
    network = stirred(num_classes=10)
    x, level = X[:1].expand(3, -1, -1, -1), torch.tensor([5.0, 5.0, 600.0])
    same, other_class, other_level = network(x, level, ConditionTensors(torch.tensor([2, 7, 2])))
    assert (same - other_class).abs().max() > 1e-3
    assert (same - other_level).abs().max() > 1e-3
    with pytest.raises(ValueError, match="needs a label"):
        network(x, level)


def test_sizes_that_do_not_fit_are_named():
    with pytest.raises(ValueError, match=r"size = 8 cannot be cut into patches of 3 .* multiple of 3, such as 9"):
        DiT(1, 8, patch=3)
    with pytest.raises(ValueError, match=r"network\.width=30 must be a multiple of network\.heads=4"):
        DiT(1, 8, width=30)
