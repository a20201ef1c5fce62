"""Depths as a condition: given, or estimated from a picture."""

import pytest
import torch

from genlab.conditioning.depth import DepthConditioner
from genlab.conditioning.joined import Joined
from genlab.conditions import ConditionInput, conditions_for
from genlab.data.batch import Batch
from genlab.data.items import Items
from genlab.data.resident_data import ResidentData

N, SIDE, FACTOR = 3, 8, 2


def estimated(picture):
    """The red of each picture, in another size."""
    return torch.nn.functional.interpolate(picture[:, :1], 12, mode="nearest")


def pictures(seed, channels=3):
    return torch.rand(N, channels, SIDE, SIDE, generator=torch.Generator().manual_seed(seed)) * 2 - 1


def of_given(depth):
    return DepthConditioner(FACTOR).from_input(N, ConditionInput(depth=depth)).given.channels


def test_each_map_has_its_own_range_and_the_size_of_the_codec_s():
    channels = of_given(pictures(0))
    assert channels.shape == (N, 1, SIDE // FACTOR, SIDE // FACTOR)
    assert torch.equal(channels.amin((1, 2, 3)), -torch.ones(N))
    assert torch.allclose(channels.amax((1, 2, 3)), torch.ones(N))
    assert torch.allclose(of_given(5 * pictures(0) + 3), channels, atol=1e-5), "only their order and shares count"


def test_depths_are_estimated_only_where_none_are_given():
    conditioner = DepthConditioner(FACTOR, estimated)
    x, depth = pictures(1), pictures(2)
    assert conditioner.asks == {"picture", "depth"}
    own = conditioner.from_input(N, ConditionInput(picture=x)).given.channels
    assert own.shape == (N, 1, SIDE // FACTOR, SIDE // FACTOR)
    both = ConditionInput(picture=x, depth=depth)
    assert torch.equal(conditioner.from_input(N, both).given.channels, of_given(depth))
    assert torch.equal(conditioner(Batch(x)).given.channels, own), "of a batch without second pictures"
    assert torch.equal(conditioner(Batch(x, other=depth)).given.channels, of_given(depth))
    assert DepthConditioner(FACTOR).asks == {"depth"}
    with pytest.raises(ValueError, match="needs a dataset with a second picture"):
        DepthConditioner(FACTOR)(Batch(x))


class Data(ResidentData):
    name = "three"

    def __init__(self, others):
        super().__init__()
        self.others = others

    def load(self, split):
        stored = (pictures(3) * 100).to(torch.uint8)
        return Items(stored, others=255 - stored if self.others else None)


@pytest.mark.parametrize("others", [True, False])
def test_without_a_person_s_wish_depths_are_the_data_s_or_of_its_pictures(others):
    data = Data(others)
    asked = conditions_for(Joined([DepthConditioner(FACTOR, estimated)]), data, "test", N)
    if others:
        assert torch.equal(asked.depth, data.conditions("test", N).picture)
        assert asked.picture is None
        assert torch.equal(conditions_for(DepthConditioner(FACTOR), data, "test", N).depth, asked.depth)
        return
    assert torch.equal(asked.picture, data.to_model(data.items("test")[0]))
    with pytest.raises(ValueError, match="asked for depths, and three has no second pictures"):
        conditions_for(DepthConditioner(FACTOR), data, "test", N)
