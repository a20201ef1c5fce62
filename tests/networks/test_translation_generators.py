"""Generators from pictures to pictures, and the discriminator of patches beside them."""

import pytest
import torch
from torch import nn

from genlab.networks.patch_critic import PatchCritic
from genlab.networks.resnet_generator import ResNetGenerator
from genlab.networks.unet_generator import UNetGenerator

SIZE = (16, 24)
GENERATORS = {
    "resnet": lambda size=SIZE: ResNetGenerator(3, size, width=4, levels=2, blocks=2),
    "unet": lambda size=SIZE: UNetGenerator(3, size, width=4, levels=3),
}


@pytest.mark.parametrize("name", GENERATORS)
def test_pictures_keep_their_shape_and_do_not_change_each_other(name):
    torch.manual_seed(0)
    network, x = GENERATORS[name](), torch.rand(3, 3, *SIZE) * 2 - 1
    out = network(x)
    assert out.shape == x.shape
    assert out.abs().max() <= 1
    torch.testing.assert_close(network(x[1:2]), out[1:2])


@pytest.mark.parametrize("name", GENERATORS)
def test_all_of_a_picture_and_all_weights_have_a_part_in_the_result(name):
    torch.manual_seed(0)
    network, x = GENERATORS[name](), torch.randn(2, 3, *SIZE, requires_grad=True)
    network(x).square().sum().backward()
    assert (x.grad != 0).float().mean() > 0.99
    reached = [p.grad.abs().sum() for n, p in network.named_parameters() if n.endswith("weight")]
    assert min(reached) > 0


@pytest.mark.parametrize("name", GENERATORS)
def test_a_size_that_cannot_be_halved_is_one_sentence(name):
    with pytest.raises(ValueError, match=r"size = \[18, 24\] cannot be halved [23] times by the network"):
        GENERATORS[name]((18, 24))
    with pytest.raises(ValueError, match="levels=2 leaves 1 pixel of a side of 4: take fewer levels"):
        ResNetGenerator(3, 4, levels=2)


def test_the_critic_normalises_each_channel_by_itself_and_knows_no_classes():
    critic, x = PatchCritic(3, 8, norm="instance"), torch.randn(2, 3, 16, 16)
    assert not any(isinstance(layer, nn.GroupNorm) for layer in critic.modules())
    torch.testing.assert_close(critic(x)[:1], critic(x[:1]))
    with pytest.raises(ValueError, match="knows no classes"):
        critic(x, torch.tensor([0, 1]))
