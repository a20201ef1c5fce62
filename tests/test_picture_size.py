"""The size of pictures as a person writes it: height first."""

import pytest

from genlab.picture_size import read_size


@pytest.mark.parametrize("size", ["64x32", "64X32", " 64 x 32 ", [64, 32], (64, 32), "64×32"])
def test_height_comes_first(size):
    assert read_size(size) == (64, 32)


@pytest.mark.parametrize("size", ["64", 64, [64], "64x64"])
def test_one_number_is_a_square(size):
    assert read_size(size) == (64, 64)


@pytest.mark.parametrize(
    "size", ["", "64x", "x32", "64x32x3", "0x8", "-4x8", "64,32", "large", 0, [], [1, 2, 3], [4, 0]]
)
def test_anything_else_is_one_sentence(size):
    with pytest.raises(ValueError, match=r"must be HEIGHTxWIDTH in pixels, as in size=64x32, or one number"):
        read_size(size)
