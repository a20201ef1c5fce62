"""The KL autoencoder: pictures as maps of floats, each with a normal posterior; what latent diffusion stands on.

Paper: https://arxiv.org/abs/2112.10752 (Rombach et al. 2022, section 3.1 and appendix G)
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Protocol

import torch
from torch import Tensor, nn

from genlab.data.batch import Batch
from genlab.models.base import GenerativeModule
from genlab.objectives.divergence import kl_to_standard_normal
from genlab.objectives.elbo import unit_use
from genlab.protocols import Conditions
from genlab.randomness import Randomness, randn
from genlab.ranges import NonNegativeFloat, Rate, Seed

_LOG_VARIANCES = (-30.0, 20.0)
"""Where a log variance is cut off, so that its exponential is finite: the paper's code has the same."""


class MapNetwork(Protocol):
    """What this family asks of its network."""

    latent_shape: tuple[int, int, int]
    """(channels, height, width) of the map"""

    def encode(self, x: Tensor) -> Tensor:
        """Pictures -> (batch, 2 * channels, height, width): the means, then the log variances."""
        ...

    def decode(self, z: Tensor) -> Tensor:
        """(batch, channels, height, width) -> pictures."""
        ...


class KLAutoencoder(GenerativeModule):
    """picture -> N(mean, variance) of each number of a map -> a draw -> picture.

    The loss has no unit: "l1" and "l2" are the mean absolute and mean squared error of a pixel in [-1, 1], "kl" is the
    divergence of the posterior from N(0, 1) in nats per number of the map. With the small `beta` that good pictures
    need, the maps are far from N(0, 1), and `sample`, which decodes maps of it, shows no good ones: train a model of
    the maps (`codec=latent`) for that.

    Args:
        network: pictures -> means and log variances of a map -> pictures.
        optimizer: parameters -> optimiser.
        l1, l2: weights of the two errors.
        beta: weight of the KL. 1 is far too much for a mean over pixels; nearly 0 leaves maps of any size.
        ema_decay, seed: see GenerativeModule.
    """

    def __init__(
        self,
        network: MapNetwork,
        optimizer: Callable[[Iterable[nn.Parameter]], torch.optim.Optimizer],
        l1: NonNegativeFloat = 1.0,
        l2: NonNegativeFloat = 1.0,
        beta: NonNegativeFloat = 1e-3,
        ema_decay: Rate | None = None,
        seed: Seed = 0,
    ) -> None:
        super().__init__(optimizer, ema_decay, seed)
        if l1 == l2 == 0:
            raise ValueError("model.l1=0 and model.l2=0: nothing would be reconstructed")
        self.network = network
        self.latent_shape = network.latent_shape
        self.l1, self.l2, self.beta = l1, l2, beta

    def posterior(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """q(z | x): its mean and log variance, (batch, *latent_shape) each."""
        mean, log_variance = self.network.encode(x).chunk(2, dim=1)
        return mean, log_variance.clamp(*_LOG_VARIANCES)

    def loss(self, batch: Batch) -> dict[str, Tensor]:
        """See the class for units. Also how many channels the batch uses: "active_channels", "collapsed_channels"."""
        mean, log_variance = self.posterior(batch.x)
        z = mean + (0.5 * log_variance).exp() * randn(mean.shape, None, mean.device, mean.dtype)
        error = self.network.decode(z) - batch.x
        l1, l2 = error.abs().mean(), error.square().mean()
        kl = kl_to_standard_normal(mean, log_variance)
        use = unit_use(mean.movedim(1, -1).flatten(0, -2), kl.movedim(1, -1).flatten(0, -2))
        channels = {name.replace("units", "channels"): count for name, count in use.items()}
        loss = self.l1 * l1 + self.l2 * l2 + self.beta * kl.mean()
        return {"loss": loss, "l1": l1, "l2": l2, "kl": kl.mean(), **channels}

    def latents(self, x: Tensor) -> Tensor:
        """(batch, *latent_shape): the mean of the posterior."""
        return self.posterior(x)[0]

    def from_latents(self, z: Tensor) -> Tensor:
        """Maps -> pictures in [-1, 1]."""
        return self.network.decode(z).clamp(-1, 1)

    @torch.no_grad()
    def reconstruct(self, x: Tensor, condition: Conditions = None) -> Tensor:
        """The picture of the mean of the posterior, same shape."""
        return self.from_latents(self.latents(x))

    @torch.no_grad()
    def sample(self, n: int, condition: Conditions = None, *, generator: Randomness = None) -> Tensor:
        """(n, channel, height, width) in [-1, 1]: the pictures of maps drawn from N(0, 1)."""
        return self.from_latents(randn((n, *self.latent_shape), generator, self.device))
