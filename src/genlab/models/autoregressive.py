"""Autoregressive models of integers, number after number: PixelCNN over pixels or over the codes of a VQ-VAE."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Protocol

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from genlab.data.batch import Batch
from genlab.models.base import GenerativeModule
from genlab.models.labels import labels_for
from genlab.networks.pixelcnn import GatedPixelCNN
from genlab.networks.pixelcnn_sampling import sample
from genlab.protocols import Conditions
from genlab.randomness import Randomness
from genlab.ranges import PositiveFloat, PositiveInt, Rate, Seed


class IntegerCodec(Protocol):
    """Images <-> integers 0, ..., num_values - 1 of a shape (channels, height, width)."""

    shape: tuple[int, int, int]
    num_values: int

    def encode(self, x: Tensor) -> Tensor: ...
    def decode(self, z: Tensor) -> Tensor: ...


class NetworkOf(Protocol):
    """Makes a network for a codec (`_partial_: true` in a config)."""

    def __call__(self, *, shape: tuple[int, int, int], num_values: int, num_classes: int | None) -> GatedPixelCNN: ...


class Autoregressive(GenerativeModule):
    """p(z) = product of p(z_i | z_1, ..., z_{i-1}) over the numbers z of an encoded image.

    The loss is the exact -log p(z) in nats per image: summed over all its numbers, averaged over the batch. It is a
    likelihood of the codec's integers: with 256 levels that of the 8-bit image, with fewer that of the coarser
    image, with a VQ-VAE that of the code map and not of the image.

    Args:
        network: makes what predicts each number from those before it.
        codec: images <-> integers.
        optimizer: parameters -> optimiser.
        num_classes: makes the model conditional on a label; None takes none.
        temperature: of sampling; below 1 likely values become likelier.
        ema_decay, seed: see GenerativeModule.
    """

    def __init__(
        self,
        network: NetworkOf,
        codec: IntegerCodec,
        optimizer: Callable[[Iterable[nn.Parameter]], torch.optim.Optimizer],
        num_classes: PositiveInt | None = None,
        temperature: PositiveFloat = 1.0,
        ema_decay: Rate | None = None,
        seed: Seed = 0,
    ) -> None:
        super().__init__(optimizer, ema_decay, seed)
        self.codec = codec
        self.network = network(shape=codec.shape, num_values=codec.num_values, num_classes=num_classes)
        self.num_classes, self.temperature = num_classes, temperature
        self.num_embeddings = codec.num_values

    def loss(self, batch: Batch) -> dict[str, Tensor]:
        """ "loss" in nats per image, "bits_per_dim" the same in bits per number, "accuracy" of the likeliest value."""
        label = labels_for(self.num_classes, batch.label, len(batch.x), self.device)
        with torch.no_grad():
            z = self.codec.encode(batch.x)
        logits = self.network(z, label)
        loss = F.cross_entropy(logits, z, reduction="sum") / len(z)
        with torch.no_grad():
            accuracy = (logits.argmax(1) == z).float().mean()
            bits = loss / (z[0].numel() * math.log(2))
        return {"loss": loss, "bits_per_dim": bits, "accuracy": accuracy}

    @torch.no_grad()
    def nll(self, x: Tensor, condition: Conditions = None) -> Tensor:
        """(batch,): the exact -log p of the encoded image in nats."""
        label = labels_for(self.num_classes, condition, len(x), self.device)
        z = self.codec.encode(x)
        return F.cross_entropy(self.network(z, label), z, reduction="none").flatten(1).sum(1)

    def dimensions(self, x: Tensor) -> int:
        """How many integers an encoded image has: `nats` is the probability of these."""
        return math.prod(self.codec.shape)

    # ---- images and codes ---------------------------------------------------------------------------

    @torch.no_grad()
    def codes(self, x: Tensor) -> Tensor:
        """(batch, channels, height, width) int64: the integers of each image."""
        return self.codec.encode(x)

    @torch.no_grad()
    def decode(self, codes: Tensor) -> Tensor:
        """(batch, channels, height, width) integers -> images in [-1, 1]."""
        return self.codec.decode(codes)

    @torch.no_grad()
    def sample_codes(self, n: int, condition: Conditions = None, *, generator: Randomness = None) -> Tensor:
        """(n, channels, height, width) int64, drawn one number after the other."""
        label = labels_for(self.num_classes, condition, n, self.device, turns=True)
        return sample(self.network, n, label, temperature=self.temperature, generator=generator)

    @torch.no_grad()
    def sample(self, n: int, condition: Conditions = None, *, generator: Randomness = None) -> Tensor:
        """(n, channel, height, width) in [-1, 1]: the images of `sample_codes`."""
        return self.decode(self.sample_codes(n, condition, generator=generator))
