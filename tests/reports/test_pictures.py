"""The pictures of a run, of small real models: each where the model has the protocol for it."""

from functools import partial
from typing import Any

import numpy as np
import pytest
import torch

from genlab.codecs.identity import Identity
from genlab.codecs.levels import Levels
from genlab.codecs.vq import VQCodes
from genlab.conditioning.unconditional import Unconditional
from genlab.data.digits import Digits
from genlab.data.image_datamodule import ImageDataModule
from genlab.denoisers.denoiser import Denoiser
from genlab.denoisers.eps import Eps
from genlab.guidance.unguided import Unguided
from genlab.models.autoencoder import Autoencoder
from genlab.models.autoregressive import Autoregressive
from genlab.models.diffusion import Diffusion
from genlab.models.kl_autoencoder import KLAutoencoder
from genlab.models.vae import VAE
from genlab.models.vqvae import VQVAE
from genlab.networks.convolutional import ConvolutionalAutoencoder
from genlab.networks.latent_map import LatentMapNetwork
from genlab.networks.pixelcnn import GatedPixelCNN
from genlab.networks.quantizer import VectorQuantizer
from genlab.networks.residual import ResidualAutoencoder
from genlab.networks.unet import UNet
from genlab.objectives.denoising import Denoising
from genlab.objectives.likelihood import Bernoulli
from genlab.objectives.times import Uniform
from genlab.objectives.weights import Unit
from genlab.processes.gaussian import Gaussian
from genlab.processes.linear import Linear
from genlab.reports.latent_traversals import ends
from genlab.reports.pictures import draw_all, draw_process
from genlab.runs.store import Run
from genlab.samplers.ancestral import Ancestral
from genlab.samplers.grids import Leading
from genlab.samplers.sampler import Sampler

adam = partial(torch.optim.Adam, lr=1e-3)
small = partial(GatedPixelCNN, width=4, layers=1, first_kernel=3, kernel=3)


def network() -> ConvolutionalAutoencoder:
    return ConvolutionalAutoencoder(1, 8, (4,), hidden=16)


def vq() -> VQVAE:
    parts = ResidualAutoencoder(1, 8, 4, width=8, levels=1, blocks=1, inner=4)
    return VQVAE(parts, VectorQuantizer, adam, num_embeddings=8)


def diffusion() -> Diffusion:
    denoiser = Denoiser(UNet(1, 8, [8], 0, 1, norm_groups=4, attention_head_size=8), Gaussian(Linear()), Eps())
    sampler = Sampler(Ancestral(0.0), Leading(), 12)
    objective = Denoising(Uniform(), Unit())
    return Diffusion(denoiser, objective, Unconditional(), sampler, Unguided(), Identity(), [1, 8, 8], adam)


MODELS = {
    "vae": (lambda: VAE(network(), Bernoulli(), adam, 4), "samples reconstructions interpolations walks"),
    "cvae": (lambda: VAE(network(), Bernoulli(), adam, 4, 10), "samples reconstructions interpolations walks"),
    "ae": (lambda: Autoencoder(network(), Bernoulli(), adam, 4),
           "samples reconstructions interpolations walks"),
    "vq": (vq, "samples reconstructions code_maps"),
    "kl": (lambda: KLAutoencoder(LatentMapNetwork(1, 8), adam), "samples reconstructions latent_maps"),
    "pixelcnn over codes": (lambda: Autoregressive(small, VQCodes(vq()), adam), "samples code_maps drawn_codes"),
    "diffusion": (diffusion, "samples unfolding"),
    "pixelcnn over pixels": (lambda: Autoregressive(small, Levels(1, 8, 2), adam), "samples"),
}  # fmt: skip


@pytest.fixture(scope="module")
def data() -> ImageDataModule:
    return ImageDataModule(Digits(), 1, 8, 10, 64, test_size=0.3)


@pytest.mark.parametrize("name", MODELS)
def test_each_model_has_its_pictures(name: str, data: Any, tmp_path: Any) -> None:
    from PIL import Image

    torch.manual_seed(0)
    make, kinds = MODELS[name]
    drawn = draw_all(make().eval(), data, tmp_path, "step_000007", "cpu")
    assert set(drawn) == set(kinds.split())
    for kind, path in drawn.items():
        assert path.name == ("step_000007.png" if kind == "samples" else f"step_000007_{kind}.png")
        assert len(np.unique(np.asarray(Image.open(path).convert("RGB")).reshape(-1, 3), axis=0)) > 2


def test_the_ends_of_a_way_are_of_one_class_where_the_model_is_told_it() -> None:
    labels = torch.tensor([3, 1, 1, 2, 3, 3, 2])
    first, last = ends(labels, 3)
    assert labels[first].tolist() == labels[last].tolist() == [1, 2, 3]
    assert (first != last).all()
    assert [part.tolist() for part in ends(None, 2)] == [[0, 1], [2, 3]]
    assert [len(part) for part in ends(torch.arange(4), 3)] == [0, 0]  # no class has two pictures


def test_a_process_is_drawn_once_where_there_is_one(data: Any, tmp_path: Any) -> None:
    run = Run(tmp_path)
    assert draw_process(vq(), data, run) == {}
    assert draw_process(diffusion(), data, run) == {"schedule": run.samples / "schedule.png"}
    assert draw_process(diffusion(), data, run) == {}
