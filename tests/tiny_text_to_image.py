"""A text-to-image model in latent maps, of the parts that real ones are made of, with weights that nobody trained."""

from functools import partial

import torch

from genlab.codecs.latent import LatentMaps
from genlab.conditioning.text import TextConditioner
from genlab.denoisers.denoiser import Denoiser
from genlab.denoisers.eps import Eps
from genlab.guidance.classifier_free import ClassifierFree
from genlab.models.diffusion import Diffusion
from genlab.models.kl_autoencoder import KLAutoencoder
from genlab.networks.dit_text import TextDiT
from genlab.networks.latent_map import LatentMapNetwork
from genlab.objectives.denoising import Denoising
from genlab.objectives.times import Uniform
from genlab.objectives.weights import Unit
from genlab.processes.gaussian import Gaussian
from genlab.processes.scaled_linear import ScaledLinear
from genlab.samplers.ancestral import Ancestral
from genlab.samplers.grids import Leading
from genlab.samplers.sampler import Sampler
from genlab.texts.clip_small import ClipSmall


def text_to_image(scale=3.0, eta=0.0, steps=4, dropout=0.1):
    """Pictures of 3 x 16 x 16 in maps of 4 x 8 x 8, patches of 2, guided by `scale`."""
    torch.manual_seed(0)
    optimizer = partial(torch.optim.Adam, lr=1e-3)
    codec = LatentMaps(KLAutoencoder(LatentMapNetwork(3, 16, 4, 2, 8, 1, 8), optimizer), 4, 8, 2)
    codec.scale_by(torch.tensor([[0.1] * 4, [0.5] * 4]))
    network = TextDiT(4, 8, 16, patch=2, width=16, depth=1, heads=2, pooled_width=16)
    with torch.no_grad():
        for parameter in network.parameters():  # its gates begin at zero, and then no word would matter
            parameter.add_(0.1 * torch.randn(parameter.shape))
    return Diffusion(
        denoiser=Denoiser(network, Gaussian(ScaledLinear()), Eps()),
        objective=Denoising(Uniform(), Unit()),
        conditioner=TextConditioner(ClipSmall(16, 1, 2, 12), dropout=dropout),
        sampler=Sampler(Ancestral(eta), Leading(), steps),
        guidance=ClassifierFree(scale),
        codec=codec,
        shape=None,
        optimizer=optimizer,
    ).eval()  # fmt: skip
