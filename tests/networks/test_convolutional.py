import pytest
import torch

from genlab.networks.convolutional import ConvolutionalAutoencoder


@pytest.mark.parametrize(
    ("channels", "size", "widths"), [(1, 28, (4, 8)), (1, 8, (4, 8, 8)), (3, 32, (4, 4, 4)), (3, 64, (4,) * 6)]
)
def test_an_image_comes_back_in_its_shape(channels, size, widths):
    network = ConvolutionalAutoencoder(channels, size, widths, hidden=16)
    x = torch.randn(2, channels, size, size)
    assert network.encoder(x).shape == (2, 16)
    assert network(x).shape == x.shape


def test_a_size_that_cannot_be_halved_is_one_sentence_with_what_is_allowed():
    with pytest.raises(ValueError, match=r"size = 28 cannot be halved 3 times .* multiple of 8, .* or fewer levels"):
        ConvolutionalAutoencoder(1, 28, (4, 4, 4))


def test_every_pixel_reaches_the_hidden_vector_and_every_hidden_number_the_image():
    torch.manual_seed(0)
    network = ConvolutionalAutoencoder(1, 8, (8, 8), hidden=32)
    x = torch.randn(1, 1, 8, 8, requires_grad=True)
    network.encoder(x).sum().backward()
    assert x.grad is not None
    assert (x.grad != 0).float().mean() > 0.5
    hidden = torch.randn(1, 32, requires_grad=True)
    network.decoder(hidden).sum().backward()
    assert hidden.grad is not None
    assert (hidden.grad != 0).all()
