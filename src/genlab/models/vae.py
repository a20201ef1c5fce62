"""Variational autoencoders: VAE, beta-VAE, conditional VAE, importance-weighted.

Kingma and Welling 2014, "Auto-encoding variational Bayes"; Higgins et al. 2017, "beta-VAE"; Sohn et al. 2015,
"Learning structured output representation using deep conditional generative models".

Paper: https://arxiv.org/abs/1312.6114
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import torch
from torch import Tensor, nn

from genlab.data.batch import Batch
from genlab.models.labels import labels_for
from genlab.models.vector_coded import VectorCoded
from genlab.networks.bottleneck import EncoderDecoder
from genlab.objectives.divergence import kl_to_standard_normal, log_normal
from genlab.objectives.elbo import importance_bound, total_kl, unit_use, warm_up
from genlab.objectives.likelihood import PixelLikelihood
from genlab.protocols import Conditions
from genlab.randomness import Randomness, randn
from genlab.ranges import NonNegativeFloat, NonNegativeInt, PositiveInt, Rate, Seed


class VAE(VectorCoded):
    """A network, a likelihood, and a sampling layer between encoder and decoder.

    All terms of the loss are in nats per image: summed over pixels and coding units, averaged over the batch.

    Args:
        network: image -> hidden vector -> image.
        likelihood: what a decoder output says of an image.
        optimizer: parameters -> optimiser.
        coding_size: number of coding units.
        num_classes: makes the model conditional: a one-hot label enters beside the hidden vector of the encoder and
            beside the code in the decoder. None takes no label.
        beta: weight of the KL term; 1 is the variational bound.
        free_bits: nats that each coding unit may use at no cost.
        warmup_steps: training steps over which the weight of the KL rises from 0 to beta.
        importance_samples: codes drawn for each image; above 1 the importance-weighted bound is minimised.
        ema_decay, seed: see GenerativeModule.
    """

    def __init__(
        self,
        network: EncoderDecoder,
        likelihood: PixelLikelihood,
        optimizer: Callable[[Iterable[nn.Parameter]], torch.optim.Optimizer],
        coding_size: PositiveInt = 16,
        num_classes: PositiveInt | None = None,
        beta: NonNegativeFloat = 1.0,
        free_bits: NonNegativeFloat = 0.0,
        warmup_steps: NonNegativeInt = 0,
        importance_samples: PositiveInt = 1,
        ema_decay: Rate | None = None,
        seed: Seed = 0,
    ) -> None:
        super().__init__(
            network, likelihood, optimizer, 2 * coding_size, coding_size, num_classes, ema_decay, seed
        )  # fmt: skip
        if importance_samples > 1 and (beta != 1 or free_bits or warmup_steps):
            raise ValueError(
                f"importance_samples={importance_samples} minimises a bound without a KL term of its own: "
                "allowed only with beta=1, free_bits=0 and warmup_steps=0"
            )
        self.beta, self.free_bits, self.warmup_steps = beta, free_bits, warmup_steps
        self.importance_samples = importance_samples

    # ---- the distributions --------------------------------------------------------------------------

    def posterior(self, x: Tensor, label: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """q(z | x): its mean and log variance, (batch, coding_size) each."""
        mean, log_variance = self.coder.encode(x, label).chunk(2, dim=1)
        return mean, log_variance

    def code(self, x: Tensor, label: Tensor | None = None) -> Tensor:
        """(batch, coding_size): the mean of the posterior."""
        return self.posterior(x, label)[0]

    # ---- training -----------------------------------------------------------------------------------

    def loss(self, batch: Batch) -> dict[str, Tensor]:
        """Nats per image: "reconstruction" + "kl" is the bound on -log p(x); "loss" weighs them as the arguments say.

        Also the counts "active_units" and "collapsed_units" of the batch (see objectives.elbo).
        """
        label = labels_for(self.num_classes, batch.label, len(batch.x), self.device)
        mean, log_variance = self.posterior(batch.x, label)
        kl = kl_to_standard_normal(mean, log_variance)
        nats, log_ratio = self._draw(batch.x, label, mean, log_variance, self.importance_samples)
        reconstruction = nats.mean()
        if self.importance_samples == 1:
            weight = warm_up(self.global_step, self.warmup_steps) if self.training else 1.0
            loss = reconstruction + self.beta * weight * total_kl(kl, self.free_bits)
        else:
            loss = -importance_bound(log_ratio - nats).mean()
        return {"loss": loss, "reconstruction": reconstruction, "kl": total_kl(kl), **unit_use(mean, kl)}

    def _draw(
        self, x: Tensor, label: Tensor | None, mean: Tensor, log_variance: Tensor, samples: int
    ) -> tuple[Tensor, Tensor]:
        """For `samples` codes of each image: -log p(x | z) and log p(z) - log q(z | x), (samples, batch) each."""
        z = mean + (0.5 * log_variance).exp() * randn((samples, *mean.shape), None, mean.device, mean.dtype)
        many = None if label is None else label.repeat(samples)
        nats = self.likelihood.nll(self.decode(z.flatten(0, 1), many), x.repeat(samples, *[1] * (x.dim() - 1)))
        log_ratio = (log_normal(z) - log_normal(z, mean, log_variance)).sum(-1)
        return nats.reshape(samples, -1), log_ratio

    # ---- what it can do -----------------------------------------------------------------------------

    @torch.no_grad()
    def sample(self, n: int, condition: Conditions = None, *, generator: Randomness = None) -> Tensor:
        """(n, channel, height, width) in [-1, 1]: the mean image of each of n codes drawn from the prior."""
        label = labels_for(self.num_classes, condition, n, self.device, turns=True)
        z = randn((n, self.coding_size), generator, self.device)
        return self.likelihood.mean(self.decode(z, label))

    @torch.no_grad()
    def nll(self, x: Tensor, condition: Conditions = None, *, samples: PositiveInt = 1) -> Tensor:
        """(batch,): an upper bound on -log p(x) in nats, the importance-weighted one where `samples` is above 1."""
        label = labels_for(self.num_classes, condition, len(x), self.device)
        mean, log_variance = self.posterior(x, label)
        nats, log_ratio = self._draw(x, label, mean, log_variance, samples)
        if samples == 1:
            return nats[0] + kl_to_standard_normal(mean, log_variance).sum(1)
        return -importance_bound(log_ratio - nats)

    def dimensions(self, x: Tensor) -> int | None:
        """The numbers of an image where `nats` is of the 8-bit picture; None under a likelihood of another scale."""
        return x[0].numel() if self.likelihood.discrete else None
