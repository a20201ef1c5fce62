import pytest
import torch

from genlab.conditions import ConditionTensors
from genlab.networks.unet import UNet
from genlab.networks.uvit import UViT

X, LEVEL = torch.randn(3, 2, 8, 8, generator=torch.Generator().manual_seed(1)), torch.tensor([0.0, 400.0, 999.0])


def made(**options):
    torch.manual_seed(0)
    return UViT(2, 8, **({"block_out_channels": [8, 16], "depth": 2, "heads": 2} | options))


def stirred(**options):
    """One whose zero layers are not zero, so that everything matters."""
    network = made(**options)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.add_(0.1 * torch.randn_like(parameter))
    return network


def test_it_begins_as_zero():
    assert torch.equal(made()(X, LEVEL), torch.zeros_like(X))


def test_an_item_hears_all_of_itself_the_level_the_class_and_nothing_of_others():
    network, label = stirred(num_classes=10), ConditionTensors(torch.tensor([2, 7, 2]))
    x = X.clone().requires_grad_()
    network(x, LEVEL, label)[0, 0, 0, 0].backward()
    assert bool((x.grad[0] != 0).all())
    assert not bool(x.grad[1:].any())
    alike, level = X[:1].expand(3, -1, -1, -1), torch.tensor([5.0, 5.0, 600.0])
    same, other_class, other_level = network(alike, level, label)
    assert (same - other_class).abs().max() > 1e-3
    assert (same - other_level).abs().max() > 1e-3


@pytest.mark.parametrize("widths", [[8], [8, 16], [8, 8, 16]])
def test_any_number_of_levels_ends_with_a_transformer(widths):
    network = stirred(block_out_channels=widths)
    assert network(X, LEVEL).shape == X.shape
    assert len(network.positions) == (8 // 2 ** (len(widths) - 1)) ** 2


def test_dropout_is_in_the_transformer_alone():
    network = stirred(dropout=0.5).train()
    assert not torch.equal(network(X, LEVEL), network(X, LEVEL))
    network.blocks = torch.nn.ModuleList()
    assert torch.equal(network(X, LEVEL), network(X, LEVEL))


def test_dropout_of_a_unet_can_be_at_its_low_levels_alone():
    network = UNet(1, 8, [8, 8, 8], 0, 1, norm_groups=8, dropout=0.3, dropout_levels=2).unet
    down = [[r.dropout.p for r in block.resnets] for block in network.down_blocks]
    up = [[r.dropout.p for r in block.resnets] for block in network.up_blocks]
    assert down == [[0.0], [0.3], [0.3]]
    assert up == [[0.3, 0.3], [0.3, 0.3], [0.0, 0.0]]
    assert [r.dropout.p for r in network.mid_block.resnets] == [0.3, 0.3]
    with pytest.raises(ValueError, match=r"network\.dropout_levels=4 must not exceed the 3 levels"):
        UNet(1, 8, [8, 8, 8], 0, 1, norm_groups=8, dropout_levels=4)


def test_a_last_width_that_does_not_fit_is_refused():
    with pytest.raises(ValueError, match=r"network\.block_out_channels=\[8, 24\]: the last must be a multiple of .*=5"):
        made(block_out_channels=[8, 24], heads=5)
