"""Generative adversarial networks: a generator, and a discriminator that tells its data from real ones.

Paper: https://arxiv.org/abs/1406.2661 (Goodfellow et al. 2014)
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Protocol, runtime_checkable

import torch
from torch import Tensor, nn

from genlab.data.batch import Batch
from genlab.models.base import GenerativeModule
from genlab.models.labels import labels_for
from genlab.models.parameter_groups import MakeOptimizer, ParameterGroup
from genlab.objectives.adversarial_losses import AdversarialLoss
from genlab.objectives.penalties import Penalty
from genlab.protocols import Conditions
from genlab.randomness import Randomness, randn
from genlab.ranges import PositiveFloat, PositiveInt, Rate, Seed


class Generator(Protocol):
    """What this family asks of its generator."""

    def __call__(self, z: Tensor, label: Tensor | None = None) -> Tensor:
        """(batch, latent_size) and labels (batch,), or None -> (batch, *shape)."""
        ...

    def parameters(self) -> Iterator[nn.Parameter]:
        """What is trained."""
        ...


class Discriminator(Protocol):
    """What it asks of its discriminator."""

    def __call__(self, x: Tensor, label: Tensor | None = None) -> Tensor:
        """(batch, *shape) and labels (batch,), or None -> scores (batch, ...), high where data look real."""
        ...

    def parameters(self) -> Iterator[nn.Parameter]:
        """What is trained."""
        ...


@runtime_checkable
class Adapts(Protocol):
    """An augmentation whose strength follows the scores of real data."""

    strength: Tensor

    def adapt(self, real: Tensor) -> None:
        """Take the scores of a batch of real data into account."""
        ...


class Adversarial(GenerativeModule):
    """Latent vectors of N(0, 1) -> data; trained by turns of two players, each with an optimiser of its own.

    The discriminator moves in every batch, the generator in every `discriminator_steps`-th. The generator alone is
    averaged, with the running statistics of its batch normalisation. The losses of two players rank no models: they
    tell how both do against each other. Samples do, by their scores and by `callbacks.collapse`.

    Args:
        generator: latent vectors -> data.
        discriminator: data -> scores.
        loss: what either minimises; its unit is the loss's own.
        optimizer: parameters -> optimiser, of each player.
        latent_size: numbers of a latent vector.
        penalties: on the slope of the discriminator, by names of one's own, under which the history has them.
        augmentation: changes real and generated data alike before the discriminator sees them; None for nothing.
        discriminator_steps: steps of the discriminator for one of the generator.
        discriminator_rate: the discriminator's learning rate over the generator's (two time-scales, Heusel et al.
            2017, https://arxiv.org/abs/1706.08500).
        num_classes: makes the model conditional; both networks must know as many. None takes no label.
        ema_decay, seed: see GenerativeModule.
    """

    ema_parts = ("generator",)
    ema_statistics = True
    losses_rank_models = False
    """They tell how both players do against each other (see models/rules.py)."""

    def __init__(
        self,
        generator: Generator,
        discriminator: Discriminator,
        loss: AdversarialLoss,
        optimizer: MakeOptimizer,
        latent_size: PositiveInt,
        penalties: Mapping[str, Penalty] | None = None,
        augmentation: nn.Module | None = None,
        discriminator_steps: PositiveInt = 1,
        discriminator_rate: PositiveFloat = 1.0,
        num_classes: PositiveInt | None = None,
        ema_decay: Rate | None = None,
        seed: Seed = 0,
    ) -> None:
        super().__init__(optimizer, ema_decay, seed)
        self.generator, self.discriminator = generator, discriminator
        self.augmentation = nn.Identity() if augmentation is None else augmentation
        self.latent_size, self.num_classes = latent_size, num_classes
        self.discriminator_steps, self.discriminator_rate = discriminator_steps, discriminator_rate
        self._loss = loss
        self._penalties = {name: penalty for name, penalty in (penalties or {}).items() if penalty is not None}
        self._require_slopes_of_single_data()

    def _require_slopes_of_single_data(self) -> None:
        layers = self.discriminator.modules() if isinstance(self.discriminator, nn.Module) else ()
        if self._penalties and any(isinstance(layer, nn.modules.batchnorm._BatchNorm) for layer in layers):
            raise ValueError(
                f"model.penalties.{next(iter(self._penalties))} is of the slope for each picture by itself, and batch "
                "normalisation in the discriminator mixes those of a batch: give discriminator.norm=none, or no penalty"
            )

    def parameter_groups(self) -> dict[str, ParameterGroup]:
        """Both players; the discriminator moves first."""
        return {
            "discriminator": ParameterGroup(
                self.discriminator.parameters(), self._discriminator_optimizer, minimises="discriminator_total"
            ),
            "generator": ParameterGroup(self.generator.parameters(), self._optimizer, every=self.discriminator_steps),
        }

    def _discriminator_optimizer(self, parameters: Iterable[nn.Parameter]) -> torch.optim.Optimizer:
        optimizer = self._optimizer(parameters)
        for group in optimizer.param_groups:
            group["lr"] *= self.discriminator_rate
        return optimizer

    @property
    def num_parameters(self) -> int:
        """Those of the generator."""
        return sum(p.numel() for p in self.generator.parameters())

    def loss(self, batch: Batch, group: str = "generator") -> dict[str, Tensor]:
        """Of the generator its "loss"; of the other its loss "discriminator" and the mean scores "real" and "fake".

        "discriminator_total" is what the discriminator minimises: its loss and the weighted penalties. In training
        there is "penalty/NAME" of each, without its weight, in the batches that have it, and "augmentation", the
        strength of one that adapts. Losses of batches outside training are without penalties and augmentation.
        """
        label = labels_for(self.num_classes, batch.label, len(batch.x), self.device)
        if group == "generator":
            return {"loss": self._loss.generator(self._score(self._generated(len(batch.x), label), label))}
        with torch.no_grad():
            generated = self._generated(len(batch.x), label)
        real, fake = self._score(batch.x, label), self._score(generated, label)
        loss = self._loss.discriminator(real, fake)
        terms = {"discriminator": loss, "real": real.mean(), "fake": fake.mean()}
        total = loss
        for name, penalty in self._penalties.items() if self.training else ():
            if self.global_step % penalty.interval == 0:
                terms[f"penalty/{name}"] = penalty(lambda x: self._score(x, label), batch.x, generated)
                total = total + penalty.weight * penalty.interval * terms[f"penalty/{name}"]
        if self.training and isinstance(self.augmentation, Adapts):
            terms["augmentation"] = self.augmentation.strength.clone()
            self.augmentation.adapt(real.detach())
        return {"discriminator_total": total, **terms}

    def _generated(self, n: int, label: Tensor | None, generator: Randomness = None) -> Tensor:
        return self.generator(randn((n, self.latent_size), generator, self.device), label)

    def _score(self, x: Tensor, label: Tensor | None) -> Tensor:
        return self.discriminator(self.augmentation(x), label)

    @torch.no_grad()
    def sample(self, n: int, condition: Conditions = None, *, generator: Randomness = None) -> Tensor:
        """(n, *shape): of latent vectors drawn from N(0, 1); images in [-1, 1]."""
        label = labels_for(self.num_classes, condition, n, self.device, turns=True)
        return self._generated(n, label, generator)
