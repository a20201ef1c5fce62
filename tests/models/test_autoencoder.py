from functools import partial

import torch

from genlab.data.batch import Batch
from genlab.models.autoencoder import Autoencoder
from genlab.networks.convolutional import ConvolutionalAutoencoder
from genlab.objectives.likelihood import Gaussian
from genlab.protocols import Encodes, Likelihood, Reconstructs, Samples


def plain(**options) -> Autoencoder:
    torch.manual_seed(0)
    network = ConvolutionalAutoencoder(1, 8, (8, 16), hidden=32)
    return Autoencoder(network, Gaussian(0.2), partial(torch.optim.Adam, lr=2e-3), 3, **options)


def test_it_does_all_but_give_probabilities():
    model = plain()
    assert all(isinstance(model, protocol) for protocol in (Samples, Reconstructs, Encodes))
    assert not isinstance(model, Likelihood)


def test_the_loss_is_reconstruction_plus_half_the_squared_norm_of_the_codes():
    model, x = plain(code_penalty=0.1).eval(), torch.randn(5, 1, 8, 8)
    terms = model.loss(Batch(x))
    torch.testing.assert_close(terms["code_penalty"], 0.05 * model.encode(x).square().sum(1).mean())
    torch.testing.assert_close(terms["loss"], terms["reconstruction"] + terms["code_penalty"])


def test_samples_come_from_the_mean_and_covariance_of_the_training_codes():
    model = plain()
    decoded = []
    model.coder.decode = lambda z, label: decoded.append(z) or torch.zeros(len(z), 1, 8, 8)
    codes = torch.tensor([3.0, -1.0, 0.0]) + torch.randn(512, 3) @ torch.tensor([[1.0, 0.9, 0], [0, 0.2, 0], [0, 0, 0]])
    for _ in range(1000):
        model._take_in(codes)
    model.sample(20000, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(decoded[0].mean(0), codes.mean(0), atol=0.05, rtol=0)
    torch.testing.assert_close(decoded[0].T.cov(), codes.T.cov(correction=0), atol=0.05, rtol=0)
