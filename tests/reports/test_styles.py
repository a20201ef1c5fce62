"""Pictures of a style-based model: what is mixed, what varies by noise alone, where truncation leads, films."""

import numpy as np
import pytest
import torch

from genlab.modalities.image import Image
from genlab.reports import styles
from genlab.samplers.latent import LatentSampler

SIDE, SCALE, PAD = 4, 14, 2
CELL = SIDE * SCALE + PAD


class Stripes:
    """A picture of four rows, each as bright as the style of its layer, and noise in the last column."""

    num_styles, mean_style = SIDE, torch.zeros(1)

    def styles(self, z, label=None):
        return z[:, :1, None].expand(-1, SIDE, -1)

    def picture(self, styles, draw=None):
        x = styles.expand(-1, -1, SIDE).clone()[:, None]
        if draw is not None:
            x[..., -1] += 0.5 * draw((len(x), 1, SIDE))
        return x


class Model:
    style_network = Stripes()
    sampler = LatentSampler()

    def draw_styles(self, n, condition=None, *, generator=None):
        values = torch.linspace(-0.9, 0.9, n)[:, None]
        return self.sampler.styles(self.style_network, values)

    def from_styles(self, styles, *, generator=None):
        return self.sampler.pictures(self.style_network, styles, generator).clamp(-1, 1)


def drawn(n):
    return styles.draw(Model(), Image(), n, None, 0, torch.device("cpu"))


def cells(picture, rows, columns):
    """(rows, columns, 4, 4): the brightness of the tiles, in [-1, 1]; labels are cut off."""
    corner = picture[picture.shape[0] - rows * CELL :, picture.shape[1] - columns * CELL :, 0]
    tiles = corner.reshape(rows, CELL, columns, CELL)[:, :-PAD:SCALE, :, :-PAD:SCALE]
    return tiles.transpose(0, 2, 1, 3) / 127.5 - 1


def test_mixing_takes_a_band_of_styles_from_above():
    tiles = cells(styles.mixing(drawn(4)), 7, 3)
    values = np.linspace(-0.9, 0.9, 4)
    assert styles.bands(4) == [slice(0, 1), slice(1, 3), slice(3, 4)]
    for k, band in enumerate(styles.bands(4)):
        for row in range(2):
            for column in range(2):
                expected = np.full(SIDE, values[row])
                expected[band] = values[2 + column]
                tile = tiles[1 + 2 * k + row, 1 + column]
                np.testing.assert_allclose(tile[:, 0], expected, atol=0.01)
    np.testing.assert_allclose(tiles[0, 1:, 0, 0], values[2:], atol=0.01)
    np.testing.assert_allclose(tiles[1:, 0, 0, 0], [*values[:2]] * 3, atol=0.01)


@pytest.mark.parametrize("layers", [3, 7, 8])
def test_the_bands_are_all_layers(layers):
    assert [i for band in styles.bands(layers) for i in range(layers)[band]] == list(range(layers))


def test_variation_is_where_the_noise_is():
    tiles = cells(styles.variation(drawn(3)), 3, 5)
    assert np.ptp(tiles[:, :4, :, :3], axis=1).max() == 0  # the same styles, the same picture
    assert np.ptp(tiles[:, :4, :, 3], axis=1).min() > 0.01
    deviation = tiles[:, 4]
    assert (deviation[..., :3] == -1).all()
    assert deviation[..., 3].max() == 1
    assert deviation[..., 3].min() > -0.5


def test_truncation_goes_from_the_mean_style_beyond_the_picture():
    model = drawn(2)
    model.model.sampler = LatentSampler(noise="none")
    tiles = cells(styles.truncation(model), 2, 6)
    for row, value in enumerate((-0.9, 0.9)):
        expected = np.clip(value * np.array([0, 0.25, 0.5, 0.75, 1, 1.25]), -1, 1)
        np.testing.assert_allclose(tiles[row, :, 0, 0], expected, atol=0.01)


def test_a_walk_ends_where_the_next_picture_begins():
    model = drawn(3)
    model.model.sampler = LatentSampler(noise="none")
    frames = [cells(frame, 2, 2).reshape(4, SIDE, SIDE)[:3, 0, 0] for frame in styles.walk(model, 5)]
    values = np.array([-0.9, 0, 0.9])
    np.testing.assert_allclose(frames[0], values, atol=0.01)
    np.testing.assert_allclose(frames[2], (values + np.roll(values, -1)) / 2, atol=0.01)
    np.testing.assert_allclose(frames[-1], np.roll(values, -1), atol=0.01)
