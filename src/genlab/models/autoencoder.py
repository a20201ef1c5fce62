"""The plain autoencoder: no sampling layer, no KL; it samples from a normal distribution fitted to its codes.

Paper: https://arxiv.org/abs/1903.12436
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import torch
from torch import Tensor, nn

from genlab.data.batch import Batch
from genlab.models.labels import labels_for
from genlab.models.vector_coded import VectorCoded
from genlab.networks.bottleneck import EncoderDecoder
from genlab.objectives.likelihood import PixelLikelihood
from genlab.protocols import Conditions
from genlab.randomness import Randomness, randn
from genlab.ranges import NonNegativeFloat, PositiveInt, Rate, Seed

_MOMENTUM = 0.01
"""Share of a batch in the running moments of the codes: they span about 100 batches."""


class Autoencoder(VectorCoded):
    """x -> code -> x. The loss is in nats per image: summed over pixels, averaged over the batch.

    New images are decoded from N(mean, covariance) of the training codes (Ghosh et al. 2020, "From variational to
    deterministic autoencoders", section 4, with one component). A plain autoencoder gives no probability to data.

    Args:
        network: image -> hidden vector -> image.
        likelihood: what a decoder output says of an image.
        optimizer: parameters -> optimiser.
        coding_size: numbers of a code.
        num_classes: makes the model conditional; None takes no label.
        code_penalty: weight of half the squared norm of a code, which keeps the codes near the origin.
        ema_decay, seed: see GenerativeModule.
    """

    code_mean: Tensor
    code_covariance: Tensor

    def __init__(
        self,
        network: EncoderDecoder,
        likelihood: PixelLikelihood,
        optimizer: Callable[[Iterable[nn.Parameter]], torch.optim.Optimizer],
        coding_size: PositiveInt = 16,
        num_classes: PositiveInt | None = None,
        code_penalty: NonNegativeFloat = 0.0,
        ema_decay: Rate | None = None,
        seed: Seed = 0,
    ) -> None:
        super().__init__(network, likelihood, optimizer, coding_size, coding_size, num_classes, ema_decay, seed)
        self.code_penalty = code_penalty
        self.register_buffer("code_mean", torch.zeros(coding_size))
        self.register_buffer("code_covariance", torch.eye(coding_size))

    def code(self, x: Tensor, label: Tensor | None = None) -> Tensor:
        """(batch, coding_size): what the encoder says."""
        return self.coder.encode(x, label)

    def loss(self, batch: Batch) -> dict[str, Tensor]:
        """ "reconstruction" in nats per image, "code_penalty" likewise; "loss" is their sum."""
        label = labels_for(self.num_classes, batch.label, len(batch.x), self.device)
        z = self.code(batch.x, label)
        if self.training:
            self._take_in(z.detach())
        reconstruction = self.likelihood.nll(self.decode(z, label), batch.x).mean()
        penalty = self.code_penalty * 0.5 * z.square().sum(1).mean()
        return {"loss": reconstruction + penalty, "reconstruction": reconstruction, "code_penalty": penalty}

    def _take_in(self, z: Tensor) -> None:
        """Move the running moments of the codes towards those of a batch."""
        self.code_mean.lerp_(z.mean(0), _MOMENTUM)
        centred = z - self.code_mean
        self.code_covariance.lerp_(centred.T @ centred / len(z), _MOMENTUM)

    @torch.no_grad()
    def sample(self, n: int, condition: Conditions = None, *, generator: Randomness = None) -> Tensor:
        """(n, channel, height, width) in [-1, 1]: the images of n codes drawn from the fitted normal distribution."""
        label = labels_for(self.num_classes, condition, n, self.device, turns=True)
        values, vectors = torch.linalg.eigh(self.code_covariance)
        noise = randn((n, self.coding_size), generator, self.device) * values.clamp_min(0).sqrt()
        return self.likelihood.mean(self.decode(self.code_mean + noise @ vectors.T, label))
