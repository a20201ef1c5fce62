import pytest
import torch

from genlab.conditions import ConditionTensors
from genlab.networks.small_unet import SmallUNet
from genlab.networks.unet import UNet


@pytest.mark.parametrize(("in_channels", "parameters"), [(1, 144_945), (3, 145_233)])
def test_the_small_unet_has_the_reports_parameters(in_channels, parameters):
    network = SmallUNet(in_channels, 1, [16, 32, 64])
    assert sum(p.numel() for p in network.parameters()) == parameters


def test_the_small_unet_hears_the_raw_step_number_at_every_scale():
    torch.manual_seed(0)
    network = SmallUNet(1, 1, [16, 32, 64])
    assert network(torch.randn(2, 1, 28, 28), torch.tensor([3.0, 40.0])).shape == (2, 1, 28, 28)
    for silent in range(2):  # one of the two embeddings off: the other still makes a difference
        with torch.no_grad():
            heard = SmallUNet(1, 1, [16, 32, 64])
            heard.time[silent][2].weight.zero_()
            x = torch.randn(1, 1, 28, 28)
            assert (heard(x, torch.tensor([1.0])) - heard(x, torch.tensor([50.0]))).abs().max() > 1e-3


def test_the_small_unet_names_a_size_that_it_cannot_halve():
    with pytest.raises(ValueError, match=r"size = 30 cannot be halved 2 times .* multiple of 4"):
        SmallUNet(1, 1, [16, 32, 64])(torch.zeros(1, 1, 30, 30), torch.zeros(1))


def test_the_class_embedding_of_four_enters_as_four_channels():
    network = UNet(1, 28, [32, 64, 64], num_classes=10)
    assert network.unet.config.in_channels == 5
    assert [type(block).__name__ for block in network.unet.down_blocks] == ["DownBlock2D", *["AttnDownBlock2D"] * 2]
    assert [type(block).__name__ for block in network.unet.up_blocks] == [*["AttnUpBlock2D"] * 2, "UpBlock2D"]
    x, level = torch.randn(1, 1, 28, 28).expand(3, -1, -1, -1), torch.full((3,), 500.0)
    with torch.no_grad():
        two, two_again, seven = network(x, level, ConditionTensors(torch.tensor([2, 2, 7])))
    assert torch.allclose(two, two_again, atol=1e-5)
    assert (two - seven).abs().max() > 1e-3


def test_without_classes_it_is_diffusers_network_itself():
    network = UNet(3, 8, [32, 64], attention_levels=1, layers_per_block=1)
    x, level = torch.randn(2, 3, 8, 8), torch.tensor([0.0, 999.0])
    with torch.no_grad():
        assert torch.equal(network(x, level), network.unet(x, level).sample)


def test_widths_that_cannot_be_grouped_are_named():
    with pytest.raises(ValueError, match=r"network\.norm_groups=32 must divide every width .*\[16, 32\]"):
        UNet(1, 8, [16, 32])


def test_a_class_is_missed_and_a_size_that_cannot_be_halved_is_named():
    with pytest.raises(ValueError, match="needs a label"):
        UNet(1, 8, [32, 64], 1, 1, num_classes=10)(torch.zeros(1, 1, 8, 8), torch.zeros(1))
    with pytest.raises(ValueError, match=r"size = 30 cannot be halved 2 times .* multiple of 4"):
        UNet(1, 30, [32, 64, 64])


def test_a_head_that_is_wider_than_its_level_is_named():
    with pytest.raises(ValueError, match=r"network\.attention_head_size=32 must not exceed .* is 16"):
        UNet(1, 8, [8, 16], 1, 1, norm_groups=4, attention_head_size=32)
