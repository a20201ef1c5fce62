"""Save, load, sample: a checkpoint's weights in a new object give the same pictures, codes and likelihoods."""

from functools import partial

import pytest
import torch

from genlab.codecs.levels import Levels
from genlab.codecs.vq import VQCodes
from genlab.data.batch import Batch
from genlab.models.autoencoder import Autoencoder
from genlab.models.autoregressive import Autoregressive
from genlab.models.vae import VAE
from genlab.models.vqvae import VQVAE
from genlab.networks.convolutional import ConvolutionalAutoencoder
from genlab.networks.pixelcnn import GatedPixelCNN
from genlab.networks.quantizer import ResidualQuantizer, VectorQuantizer
from genlab.networks.residual import ResidualAutoencoder
from genlab.objectives.likelihood import Bernoulli, DiscretizedLogistic, Gaussian
from genlab.randomness import PerImage

adam = partial(torch.optim.Adam, lr=1e-2)
pixelcnn = partial(GatedPixelCNN, width=4, layers=1, first_kernel=3, kernel=3)


def vq(quantizer=VectorQuantizer):
    return VQVAE(ResidualAutoencoder(1, 8, 4, 8, 1, 1, 4), quantizer, adam, num_embeddings=8)


def network():
    return ConvolutionalAutoencoder(1, 8, (4,), hidden=16)


FAMILIES = {
    "plain autoencoder": lambda: Autoencoder(network(), Bernoulli(), adam, 4),
    "VAE, learned variance": lambda: VAE(network(), Gaussian(learned=True), adam, 4),
    "CVAE, discretised logistic": lambda: VAE(network(), DiscretizedLogistic(1), adam, 4, num_classes=3),
    "VQ-VAE": vq,
    "residual VQ-VAE": lambda: vq(partial(ResidualQuantizer, 2)),
    "PixelCNN over pixels": lambda: Autoregressive(pixelcnn, Levels(1, 8, 4), adam, num_classes=3),
    "PixelCNN over codes": lambda: Autoregressive(pixelcnn, VQCodes(vq()), adam),
}


@pytest.mark.parametrize("name", FAMILIES)
def test_a_loaded_model_does_what_the_saved_one_did(name, tmp_path):
    torch.manual_seed(0)
    saved = FAMILIES[name]()
    x, label = torch.rand(8, 1, 8, 8) * 2 - 1, torch.arange(8) % 3
    optimizer = saved.configure_optimizers()
    for _ in range(3):  # buffers as well as parameters have moved
        saved.train().loss(Batch(x, label))["loss"].backward()
        optimizer.step()
    torch.save(saved.state_dict(), tmp_path / "weights.pt")
    torch.manual_seed(1)
    loaded = FAMILIES[name]()
    before = loaded.eval().sample(4, generator=PerImage.range(0, 0, 4))
    loaded.load_state_dict(torch.load(tmp_path / "weights.pt", weights_only=True))
    saved.eval(), loaded.eval()
    own, other = (model.sample(4, generator=PerImage.range(0, 0, 4)) for model in (saved, loaded))
    assert torch.equal(own, other)
    assert not torch.equal(own, before)
    if hasattr(saved, "reconstruct"):
        assert torch.equal(saved.reconstruct(x, label), loaded.reconstruct(x, label))
    if isinstance(saved, Autoregressive):
        assert torch.equal(saved.nll(x, label), loaded.nll(x, label))
