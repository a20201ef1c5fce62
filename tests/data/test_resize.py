"""Pictures of one native shape, brought to another."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from genlab.data.resize import resize

GREY = np.random.default_rng(0).integers(0, 256, (5, 1, 28, 28), np.uint8)


def test_the_native_shape_is_left_alone() -> None:
    assert resize(GREY, 1, 28, "pad") is GREY


def test_padding_surrounds_with_black() -> None:
    wide = resize(GREY, 1, 32, "pad")
    assert wide.shape == (5, 1, 32, 32)
    assert np.array_equal(wide[:, :, 2:30, 2:30], GREY)
    assert wide.sum() == GREY.sum()


def test_padding_by_an_odd_number_of_pixels_keeps_the_size_exact() -> None:
    wide = resize(GREY, 1, 33, "pad")
    assert wide.shape == (5, 1, 33, 33)
    assert np.array_equal(wide[:, :, 2:30, 2:30], GREY)


@pytest.mark.parametrize("enlarge", ["pad", "scale"])
def test_a_smaller_size_is_antialiased(enlarge: str) -> None:
    stripes = np.zeros((1, 1, 32, 32), np.uint8)
    stripes[..., ::2] = 255  # one pixel wide: picking pixels would give all black or all white
    small = resize(stripes, 1, 8, enlarge)  # type: ignore[arg-type]
    assert np.abs(small[..., 2:6].astype(int) - 127).max() < 16


def test_scaling_up_is_pillows() -> None:
    large = resize(GREY, 1, 56, "scale")
    expected = np.asarray(Image.fromarray(GREY[3, 0]).resize((56, 56), Image.Resampling.BICUBIC))
    assert np.array_equal(large[3, 0], expected)


def test_grey_becomes_colour_by_repetition() -> None:
    colour = resize(GREY, 3, 28, "pad")
    assert all(np.array_equal(colour[:, c], GREY[:, 0]) for c in range(3))


def test_colour_becomes_grey_as_in_pillow() -> None:
    colour = np.random.default_rng(1).integers(0, 256, (1, 3, 16, 16), np.uint8)
    pillow = np.asarray(Image.fromarray(colour[0].transpose(1, 2, 0)).convert("L"))
    assert np.abs(resize(colour, 1, 16, "pad")[0, 0].astype(int) - pillow).max() <= 1


def test_other_numbers_of_channels_are_refused() -> None:
    with pytest.raises(ValueError, match=r"dataset\.channels=2"):
        resize(GREY, 2, 28, "pad")


@pytest.mark.parametrize("enlarge", ["pad", "scale"])
@pytest.mark.parametrize("size", [(28, 40), (40, 28), (14, 40), (20, 9), (56, 60), (1, 300)])
def test_pictures_keep_their_proportions_and_the_ground_fills_the_rest(size: tuple[int, int], enlarge: str) -> None:
    made = resize(np.full((2, 1, 28, 28), 100, np.uint8), 3, size, enlarge, ground=255)  # type: ignore[arg-type]
    assert made.shape == (2, 3, *size)
    inside = made[0, 0] == 100
    rows, columns = inside.any(1).sum(), inside.any(0).sum()
    assert rows == columns == (min(28, *size) if enlarge == "pad" else min(size))
    assert inside.sum() == rows * columns
    assert (made[0, 0][~inside] == 255).all()
    above = int(inside.any(1).argmax())
    assert above == (size[0] - rows) // 2
