import pytest
import torch

from genlab.codecs.levels import Levels
from genlab.modalities.pixels import to_model, to_uint8


def test_256_levels_keep_every_grey():
    codec = Levels(1, 16)
    greys = torch.arange(256, dtype=torch.uint8).reshape(1, 1, 16, 16)
    codes = codec.encode(to_model(greys))
    assert torch.equal(codes, greys.long())
    assert torch.equal(to_uint8(codec.decode(codes)), greys)


@pytest.mark.parametrize("levels", [2, 3, 16])
def test_every_level_comes_back(levels):
    codec = Levels(1, 4, levels)
    codes = torch.arange(levels)
    assert torch.equal(codec.encode(codec.decode(codes)), codes)
    assert codec.decode(codes)[0] == -1
    assert codec.decode(codes)[-1] == 1


def test_two_levels_are_black_and_white():
    codec = Levels(1, 4, 2)
    assert codec.encode(torch.tensor([-0.9, -0.1, 0.1, 2.0])).tolist() == [0, 0, 1, 1]


def test_one_level_is_refused():
    with pytest.raises(ValueError, match=r"codec\.levels=1"):
        Levels(1, 4, 1)
