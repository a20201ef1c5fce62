"""The VQ-VAE: an autoencoder whose code is a map of integers.

van den Oord et al. 2017, "Neural discrete representation learning".

Paper: https://arxiv.org/abs/1711.00937
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Protocol

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from genlab.data.batch import Batch
from genlab.models.base import GenerativeModule
from genlab.networks.quantizer import Quantized
from genlab.protocols import Conditions
from genlab.randomness import Randomness, rand
from genlab.ranges import NonNegativeFloat, PositiveFloat, PositiveInt, Rate, Seed


class MapAutoencoder(Protocol):
    """What this family asks of its network."""

    map_shape: tuple[int, int, int]
    """(embedding_size, height, width) of the feature map"""
    encoder: nn.Module
    decoder: nn.Module


class Quantizer(Protocol):
    """What this family asks of its quantiser: networks.quantizer has two."""

    num_embeddings: int
    levels: int

    def __call__(self, z: Tensor) -> Quantized: ...
    def lookup(self, codes: Tensor) -> Tensor: ...


class QuantizerOf(Protocol):
    """Makes a quantiser of a size (`_partial_: true` in a config)."""

    def __call__(self, *, num_embeddings: int, embedding_size: int) -> Quantizer: ...


class VQVAE(GenerativeModule):
    """image -> feature map -> codes -> feature map -> image.

    The loss is no bound on a likelihood and has no unit: "reconstruction" is the mean squared error of a pixel in
    [-1, 1] over the variance of the data's pixels (1 means: as bad as the mean grey), "codebook" and "commitment" are
    mean squared errors of the feature map's numbers. All are means over the batch, not sums. It has no prior over codes
    of its own: `sample` draws them uniformly, which shows what the decoder makes of unlikely codes. Train a
    model of the codes (family autoregressive) for pictures.

    Args:
        network: image -> feature map -> image.
        quantizer: makes what maps a feature map to codes and back.
        optimizer: parameters -> optimiser.
        num_embeddings: how many codes there are (on each level).
        commitment: weight of the term that keeps the feature map near its codes (the paper's beta).
        data_variance: variance of the data's pixels in [-1, 1].
        ema_decay, seed: see GenerativeModule. An averaged encoder needs a codebook that learns by gradient, since
            a running-mean codebook follows the raw encoder.
    """

    gives_codes = True

    def __init__(
        self,
        network: MapAutoencoder,
        quantizer: QuantizerOf,
        optimizer: Callable[[Iterable[nn.Parameter]], torch.optim.Optimizer],
        num_embeddings: PositiveInt = 128,
        commitment: NonNegativeFloat = 0.25,
        data_variance: PositiveFloat = 1.0,
        ema_decay: Rate | None = None,
        seed: Seed = 0,
    ) -> None:
        super().__init__(optimizer, ema_decay, seed)
        self.encoder, self.decoder = network.encoder, network.decoder
        self.quantizer = quantizer(num_embeddings=num_embeddings, embedding_size=network.map_shape[0])
        self.commitment, self.data_variance = commitment, data_variance
        self.num_embeddings = num_embeddings
        self.latent_shape = network.map_shape
        self.code_shape = (self.quantizer.levels, *network.map_shape[1:])

    def loss(self, batch: Batch) -> dict[str, Tensor]:
        """See the class for units. Also "perplexity" and "usage" (share of the codes) of the batch."""
        quantized = self.quantizer(self.encoder(batch.x))
        reconstruction = F.mse_loss(self.decoder(quantized.z), batch.x) / self.data_variance
        terms = quantized.terms
        loss = reconstruction + terms["codebook"] + self.commitment * terms["commitment"]
        return {"loss": loss, "reconstruction": reconstruction, **terms}

    @torch.no_grad()
    def codes(self, x: Tensor) -> Tensor:
        """(batch, levels, height, width) int64: the code map of each image."""
        return self.quantizer(self.encoder(x)).codes

    @torch.no_grad()
    def decode(self, codes: Tensor) -> Tensor:
        """(batch, levels, height, width) codes -> images in [-1, 1]."""
        return self.decoder(self.quantizer.lookup(codes)).clamp(-1, 1)

    def latents(self, x: Tensor) -> Tensor:
        """(batch, embedding_size, height, width): the feature map before it is quantised."""
        return self.encoder(x)

    def from_latents(self, z: Tensor) -> Tensor:
        """Feature maps -> images in [-1, 1]; they are quantised on the way."""
        return self.decoder(self.quantizer(z).z).clamp(-1, 1)

    @torch.no_grad()
    def encode(self, x: Tensor, condition: Conditions = None) -> Tensor:
        """(batch, embedding_size * height * width): the quantised feature map, flat."""
        return self.quantizer.lookup(self.codes(x)).flatten(1)

    @torch.no_grad()
    def reconstruct(self, x: Tensor, condition: Conditions = None) -> Tensor:
        """The image of the codes of `x`, same shape."""
        return self.decode(self.codes(x))

    @torch.no_grad()
    def sample(self, n: int, condition: Conditions = None, *, generator: Randomness = None) -> Tensor:
        """(n, channel, height, width) in [-1, 1]: decoded from codes drawn uniformly."""
        uniform = rand((n, *self.code_shape), generator, self.device)
        return self.decode((uniform * self.num_embeddings).long())
