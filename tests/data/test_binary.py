import numpy as np
import pytest

from genlab.data.binary import binarized

GREYS = np.repeat(np.arange(256, dtype=np.uint8), 4096).reshape(-1, 1, 64, 64)
"""(256, 1, 64, 64): a picture of each grey."""


def test_a_threshold_parts_greys_in_the_middle():
    made = binarized(GREYS, "threshold")
    assert not made[:128].any()
    assert (made[128:] == 255).all()


def test_a_pixel_is_white_as_often_as_it_is_bright():
    made = binarized(GREYS, "stochastic")
    assert set(np.unique(made)) == {0, 255}
    assert not made[0].any()  # black stays black and white white, always
    assert (made[255] == 255).all()
    share, p = (made == 255).mean((1, 2, 3)), np.arange(256) / 255
    np.testing.assert_allclose(share, p, atol=4.5 * np.sqrt(0.25 / 4096))


def test_the_draw_is_fixed_and_of_a_picture_at_a_place():
    many = np.full((6000, 1, 4, 4), 100, np.uint8)  # more than one block
    made = binarized(many, "stochastic")
    np.testing.assert_array_equal(made, binarized(many, "stochastic"))
    np.testing.assert_array_equal(made[:10], binarized(many[:10], "stochastic"))
    assert (made[:5000] != np.roll(made[:5000], 1, axis=0)).any(axis=(1, 2, 3)).mean() > 0.99
    assert not np.array_equal(made[5000:], made[:1000])


@pytest.mark.parametrize("how", ["stochastic", "threshold"])
def test_the_original_is_left_alone(how):
    before = GREYS.copy()
    binarized(GREYS, how)
    np.testing.assert_array_equal(GREYS, before)
