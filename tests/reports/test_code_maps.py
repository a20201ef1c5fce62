import numpy as np
import pytest

from genlab.reports.code_maps import code_map_grid, latent_map_grid, palette

images = np.random.default_rng(0).integers(0, 256, (3, 1, 28, 28), dtype=np.uint8)


def test_every_code_has_its_own_colour():
    assert len(np.unique(palette(512), axis=0)) > 500


def test_equal_codes_are_equal_blocks_of_colour_under_their_image():
    codes = np.arange(3 * 49).reshape(3, 1, 7, 7)
    picture = code_map_grid(images, codes, images, num_values=147)
    scale, pad = 2, 2  # 28 pixels are enlarged to 56, with a border of 2
    left = picture.shape[1] - 3 * (56 + pad) - pad  # the row labels are on the left
    first = picture[56 + 2 * pad : 56 + 2 * pad + 56, left + pad : left + pad + 56]
    blocks = first.reshape(7, 4 * scale, 7, 4 * scale, 3)
    assert (blocks == blocks[:, :1, :, :1]).all()
    np.testing.assert_array_equal(blocks[:, 0, :, 0], palette(147)[codes[0, 0]])


def test_each_level_has_its_row():
    one = code_map_grid(images, np.zeros((3, 1, 7, 7), int), images, 8)
    two = code_map_grid(images, np.zeros((3, 2, 7, 7), int), images, 8)
    assert two.shape[0] - one.shape[0] == 58


def test_a_map_that_does_not_divide_the_picture_is_refused():
    with pytest.raises(ValueError, match="5x5 does not divide pictures of 28x28"):
        code_map_grid(images, np.zeros((3, 1, 5, 5), int), images, 8)


def test_codes_that_come_from_no_picture_have_no_row_of_data():
    codes = np.zeros((3, 1, 7, 7), int)
    drawn, own = code_map_grid(None, codes, images, 8), code_map_grid(images, codes, images, 8)
    assert own.shape[0] - drawn.shape[0] == 58


def test_channels_are_grey_the_mean_in_the_middle_whatever_their_size():
    z = np.random.default_rng(1).normal(size=(3, 2, 7, 7)) * np.array([0.1, 50.0])[:, None, None] + 7
    z[0, :, 0, 0] = z.mean((0, 2, 3))
    grid = latent_map_grid(images, z, images)
    moved = latent_map_grid(images, 3 * z - 2, images)
    assert np.abs(grid.astype(int) - moved).max() <= 1
    left = grid.shape[1] - 3 * 58 - 2
    for row in (1, 2):  # below the data
        cell = grid[row * 58 + 2 : row * 58 + 10, left + 2 : left + 10]
        assert (cell == cell[0, 0, 0]).all()
        assert abs(int(cell[0, 0, 0]) - 128) <= 2
