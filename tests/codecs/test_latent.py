"""Latent maps: scaled by the training data, back to the same pictures, and known where all their pixels are."""

import pytest
import torch
from torch import nn

from genlab.codecs.identity import Identity
from genlab.codecs.latent import LatentMaps
from genlab.codecs.levels import Levels
from genlab.codecs.rescale import Rescale
from genlab.editing.masks import known_cells


class Halved(nn.Module):
    """Four numbers of 2 x 2 pixels are a cell's channels, each with a size and a place of its own: exact."""

    latent_shape = (4, 4, 4)
    scales = torch.tensor([0.5, 2.0, 7.0, 1.0])[:, None, None]
    places = torch.tensor([1.0, 0.0, -3.0, 9.0])[:, None, None]

    def latents(self, x):
        return nn.functional.pixel_unshuffle(x, 2) * self.scales + self.places

    def from_latents(self, z):
        return nn.functional.pixel_shuffle((z - self.places) / self.scales, 2)


DATA = torch.rand(256, 1, 8, 8, generator=torch.Generator().manual_seed(0)) * 2 - 1


def measured(batch_size):
    codec = LatentMaps(Halved(), channels=4, size=4, factor=2)
    codec.scale_by(codec.moments(DATA.split(batch_size)))
    return codec


@pytest.mark.parametrize("batch_size", [256, 100, 1])
def test_each_channel_of_the_training_data_has_mean_0_and_deviation_1(batch_size):
    z = measured(batch_size).encode(DATA)
    assert z.shape == (256, 4, 4, 4)
    assert torch.allclose(z.mean((0, 2, 3)), torch.zeros(4), atol=1e-4)
    assert torch.allclose(z.std((0, 2, 3), correction=0), torch.ones(4), atol=1e-4)


def test_pictures_do_not_depend_on_the_scale():
    assert torch.allclose(measured(256).decode(measured(256).encode(DATA)), DATA, atol=1e-5)


def test_the_scale_is_kept_with_the_weights():
    fresh = LatentMaps(Halved(), channels=4, size=4, factor=2)
    fresh.load_state_dict(measured(256).state_dict())
    assert bool(fresh.measured)
    assert torch.equal(fresh.encode(DATA), measured(256).encode(DATA))


@pytest.mark.parametrize(("first", "said"), [(Halved(), "channels, height, width"), (nn.Identity(), "no latent maps")])
def test_another_shape_is_refused(first, said):
    with pytest.raises(ValueError, match=said):
        LatentMaps(first, channels=3, size=4, factor=2)


def test_every_codec_says_what_a_model_sees():
    x = DATA[:2]
    for codec in (Identity(), Rescale(), Levels(1, 8), measured(256)):
        z = codec.encode(x)
        assert tuple(z.shape[1:]) == (codec.shape or tuple(x.shape[1:]))
        assert z.dtype == codec.dtype
        assert codec.of_pixels == (z.shape == x.shape)


def test_a_cell_is_known_if_all_its_pixels_are():
    known = torch.ones(1, 1, 6, 8, dtype=torch.bool)
    known[..., 0, 3] = False
    cells = known_cells(known, (3, 4))
    assert cells.shape == (1, 1, 3, 4)
    assert (~cells).nonzero().tolist() == [[0, 0, 0, 1]]
