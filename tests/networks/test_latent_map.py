import pytest
import torch

from genlab.networks.latent_map import LatentMapNetwork


def test_it_takes_pictures_of_another_size_than_it_was_made_for():
    network = LatentMapNetwork(3, 16, latent_channels=4, factor=4, width=16, blocks=1)
    assert network.latent_shape == (4, 4, 4)
    moments = network.encode(torch.zeros(2, 3, 8, 20))
    assert moments.shape == (2, 8, 2, 5)
    assert network.decode(moments[:, :4]).shape == (2, 3, 8, 20)


def test_a_size_that_cannot_be_cut_into_cells_is_one_sentence():
    with pytest.raises(ValueError, match="size = 30 cannot be cut into cells of 4 by the network"):
        LatentMapNetwork(3, 30, factor=4)
