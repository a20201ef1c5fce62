"""Grids show every picture once, enlarged without smoothing, in its place."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from genlab.modalities.grids import class_grid, grid, pairs, png_bytes, save_png


def noise(n: int, channels: int, height: int, width: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (n, channels, height, width), dtype=np.uint8)


@given(
    n=st.integers(1, 7), channels=st.sampled_from([1, 3]), height=st.integers(1, 9), width=st.integers(1, 9),
    columns=st.integers(1, 4), scale=st.integers(1, 3), pad=st.integers(0, 3),
)  # fmt: skip
def test_every_picture_can_be_cut_out_of_the_grid_again(n, channels, height, width, columns, scale, pad):
    images = noise(n, channels, height, width)
    canvas = grid(images, columns, scale, pad)
    rows = -(-n // columns)
    assert canvas.shape == (rows * (height * scale + pad) + pad, columns * (width * scale + pad) + pad, 3)
    for i in range(n):
        top = i // columns * (height * scale + pad) + pad
        left = i % columns * (width * scale + pad) + pad
        cut = canvas[top : top + height * scale : scale, left : left + width * scale : scale]
        assert (cut == images[i].transpose(1, 2, 0)).all()


@pytest.mark.parametrize(("size", "enlarged"), [(8, 56), (28, 56), (32, 64), (64, 64), (256, 256)])
def test_small_pictures_are_enlarged_to_a_readable_size(size, enlarged):
    assert grid(noise(1, 1, size, size), pad=0).shape == (enlarged, enlarged, 3)


def test_tensors_and_arrays_give_the_same_grid():
    images = noise(4, 3, 5, 5)
    assert (grid(torch.from_numpy(images)) == grid(images)).all()


def test_labels_move_the_pictures_and_do_not_change_them():
    images = noise(4, 1, 8, 8)
    bare, labelled = grid(images, 2), grid(images, 2, row_labels=["one", "two"], column_labels=["a", "b"])
    height, width = bare.shape[:2]
    assert labelled.shape[0] > height
    assert labelled.shape[1] > width
    assert (labelled[-height:, -width:] == bare).all()
    assert (labelled[:, :-width] < 100).any(), "the text is there"


def test_a_class_grid_has_a_row_for_each_class_in_order():
    labels = [2, 0, 2, 0, 2, 5]
    images = np.stack([np.full((1, 4, 4), 10 * i, np.uint8) for i in range(6)])
    canvas = class_grid(images, labels, per_class=2, scale=1)
    margin = canvas.shape[1] - (2 * 6 + 2)
    cells = canvas[2::6, margin + 2 :: 6, 0][:3, :2]
    assert cells.tolist() == [[10, 30], [0, 20], [50, 255]]


def test_pairs_put_each_reconstruction_below_its_original():
    originals, guesses = noise(5, 1, 4, 4, 1), noise(5, 1, 4, 4, 2)
    canvas = pairs(originals, guesses, columns=3, scale=1)
    margin = canvas.shape[1] - (3 * 6 + 2)
    corner = canvas[2::6, margin + 2 :: 6, 0][:4, :3]
    expected = np.full((4, 3), 255)
    for i in range(5):
        expected[2 * (i // 3), i % 3], expected[2 * (i // 3) + 1, i % 3] = originals[i, 0, 0, 0], guesses[i, 0, 0, 0]
    assert (corner == expected).all()


@pytest.mark.parametrize("channels", [1, 3])
def test_a_png_reads_back_bit_for_bit(tmp_path, channels):
    canvas = grid(noise(6, channels, 8, 8))
    save_png(tmp_path / "deep" / "grid.png", canvas)
    with Image.open(tmp_path / "deep" / "grid.png") as image:
        assert (np.asarray(image.convert("RGB")) == canvas).all()
    assert [path.name for path in (tmp_path / "deep").iterdir()] == ["grid.png"]


def test_grey_pictures_are_stored_with_one_channel():
    grey, coloured = grid(noise(16, 1, 8, 8)), grid(noise(16, 3, 8, 8))
    assert len(png_bytes(grey)) < len(png_bytes(coloured)) / 2


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: grid(np.zeros((1, 1, 2, 2))), "uint8"),
        (lambda: grid(noise(0, 1, 2, 2)), "n of 1 or more"),
        (lambda: grid(noise(4, 1, 2, 2), 2, row_labels=["a"]), "takes 2 row labels, not 1"),
        (lambda: class_grid(noise(2, 1, 2, 2), [0]), "one label a picture"),
        (lambda: class_grid(noise(1, 1, 2, 2), [3], names=["a"]), "names for classes 0 to 0"),
        (lambda: pairs(noise(2, 1, 2, 2), noise(1, 1, 2, 2)), "one shape"),
    ],
)
def test_what_is_no_grid_is_refused_in_a_sentence(call, message):
    with pytest.raises(ValueError, match=message):
        call()
