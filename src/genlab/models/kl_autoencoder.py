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
from genlab.models.parameter_groups import ParameterGroup
from genlab.objectives.divergence import kl_to_standard_normal
from genlab.objectives.elbo import unit_use
from genlab.objectives.patch_adversary import PatchAdversary
from genlab.protocols import Conditions
from genlab.randomness import Randomness, randn
from genlab.ranges import NonNegativeFloat, Rate, Seed

_LOG_VARIANCES = (-30.0, 20.0)
"""Where a log variance is cut off, so that its exponential is finite: the paper's code has the same."""


class MapNetwork(Protocol):
    """What this family asks of its network."""

    latent_shape: tuple[int, int, int]
    """(channels, height, width) of the map"""

    @property
    def last(self) -> Tensor:
        """The weights of the decoder's last layer."""
        ...

    def parameters(self) -> Iterable[nn.Parameter]:
        """What is trained."""
        ...

    def encode(self, x: Tensor) -> Tensor:
        """Pictures -> (batch, 2 * channels, height, width): the means, then the log variances."""
        ...

    def decode(self, z: Tensor) -> Tensor:
        """(batch, channels, height, width) -> pictures."""
        ...


class Distance(Protocol):
    """How far apart pictures are."""

    def __call__(self, x: Tensor, y: Tensor) -> Tensor:
        """(batch,): of each pair of pictures in [-1, 1]; its gradient is that of the pictures."""
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
        perceptual: how far apart people see two pictures; None leaves that out.
        perceptual_weight: of that distance.
        adversary: a critic of patches, trained in turns with the autoencoder, which makes reconstructions sharp.
        ema_decay, seed: see GenerativeModule.
    """

    ema_parts = ("network",)

    def __init__(
        self,
        network: MapNetwork,
        optimizer: Callable[[Iterable[nn.Parameter]], torch.optim.Optimizer],
        l1: NonNegativeFloat = 1.0,
        l2: NonNegativeFloat = 1.0,
        beta: NonNegativeFloat = 1e-3,
        perceptual: Distance | None = None,
        perceptual_weight: NonNegativeFloat = 1.0,
        adversary: PatchAdversary | None = None,
        ema_decay: Rate | None = None,
        seed: Seed = 0,
    ) -> None:
        super().__init__(optimizer, ema_decay, seed)
        if l1 == l2 == 0:
            raise ValueError("model.l1=0 and model.l2=0: nothing would be reconstructed")
        self.network = network
        self.latent_shape = network.latent_shape
        self.l1, self.l2, self.beta = l1, l2, beta
        self.perceptual, self.perceptual_weight, self.adversary = perceptual, perceptual_weight, adversary

    @property
    def num_parameters(self) -> int:
        """Those of the network."""
        return sum(p.numel() for p in self.network.parameters())

    def parameter_groups(self) -> dict[str, ParameterGroup]:
        """The autoencoder, and its adversary where there is one."""
        groups = {"autoencoder": ParameterGroup(self.network.parameters(), self._optimizer)}
        if (adversary := self.adversary) is not None:
            groups["critic"] = ParameterGroup(adversary.parameters(), adversary.optimizer, minimises="critic")
        return groups

    def posterior(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """q(z | x): its mean and log variance, (batch, *latent_shape) each."""
        mean, log_variance = self.network.encode(x).chunk(2, dim=1)
        return mean, log_variance.clamp(*_LOG_VARIANCES)

    def loss(self, batch: Batch, group: str = "autoencoder") -> dict[str, Tensor]:
        """See the class for units. Also how many channels the batch uses: "active_channels", "collapsed_channels".

        With an adversary, "critic" is what the critic minimises, and "deceit", in training and from the adversary's
        `start` on, what the autoencoder minimises in deceiving it.
        """
        mean, log_variance = self.posterior(batch.x)
        z = mean + (0.5 * log_variance).exp() * randn(mean.shape, None, mean.device, mean.dtype)
        made = self.network.decode(z)
        if group == "critic" and self.adversary is not None:
            return {"critic": self.adversary.critic_loss(batch.x, made.detach())}
        terms = {"l1": (made - batch.x).abs().mean(), "l2": (made - batch.x).square().mean()}
        error = self.l1 * terms["l1"] + self.l2 * terms["l2"]
        if self.perceptual is not None:
            terms["perceptual"] = self.perceptual(made, batch.x).mean()
            error = error + self.perceptual_weight * terms["perceptual"]
        kl = kl_to_standard_normal(mean, log_variance)
        terms |= {"kl": kl.mean(), **_use(mean, kl)}
        loss = error + self.beta * terms["kl"]
        if self.training and (adversary := self.adversary) is not None and self.global_step >= adversary.start:
            terms["deceit"] = adversary.deceit(made)
            loss = loss + adversary.adaptive_weight(error, terms["deceit"], self.network.last) * terms["deceit"]
        return {"loss": loss, **terms}

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


def _use(mean: Tensor, kl: Tensor) -> dict[str, Tensor]:
    """How many channels of a batch of maps are in use, and how many have collapsed."""
    use = unit_use(mean.movedim(1, -1).flatten(0, -2), kl.movedim(1, -1).flatten(0, -2))
    return {name.replace("units", "channels"): count for name, count in use.items()}
