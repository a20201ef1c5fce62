"""Generative adversarial networks: a generator, and a discriminator that tells its data from real ones.

Paper: https://arxiv.org/abs/1406.2661 (Goodfellow et al. 2014)
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Protocol, runtime_checkable

import torch
from torch import Tensor, nn

from genlab.data.batch import Batch
from genlab.models.base import GenerativeModule
from genlab.models.growing import AtDepth, as_grown, depth_at, require_growing
from genlab.models.labels import labels_for
from genlab.models.parameter_groups import MakeOptimizer, ParameterGroup, at_rate
from genlab.models.style_mixing import mixed
from genlab.objectives.adversarial_losses import AdversarialLoss
from genlab.objectives.path_length import PathLength
from genlab.objectives.penalties import Penalty
from genlab.protocols import Conditions, StyleBased
from genlab.randomness import Randomness, randn
from genlab.ranges import PositiveFloat, PositiveInt, Probability, Rate, Seed
from genlab.samplers.latent import LatentSampler


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
        style_mixing: how many of the pictures of training have two styles; of a style-based generator.
        path_length: a penalty on a style-based generator, which the history has as "penalty/path_length".
        sampler: how samples of a style-based generator are made; may be replaced after training.
        growing_images: both networks grow by a level after twice as many images, see `depth_at`; None: they are whole.
        ema_decay, seed: see GenerativeModule.

    Raises:
        ValueError: a penalty does not fit the discriminator, or the generator is not style-based and has to be.
    """

    ema_parts = ("generator",)
    ema_statistics = True
    images_seen: Tensor
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
        style_mixing: Probability = 0.0,
        path_length: PathLength | None = None,
        sampler: LatentSampler | None = None,
        growing_images: PositiveInt | None = None,
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
        self.style_mixing, self.path_length, self.sampler = style_mixing, path_length, sampler
        self._require_slopes_of_single_data()
        self.growing_images = growing_images
        if growing_images is not None:
            self._levels = require_growing(generator, discriminator)
            self.register_buffer("images_seen", torch.zeros((), dtype=torch.long))
        self._require_styles()

    def _require_slopes_of_single_data(self) -> None:
        layers = self.discriminator.modules() if isinstance(self.discriminator, nn.Module) else ()
        if self._penalties and any(isinstance(layer, nn.modules.batchnorm._BatchNorm) for layer in layers):
            raise ValueError(
                f"model.penalties.{next(iter(self._penalties))} is of the slope for each picture by itself, and batch "
                "normalisation in the discriminator mixes those of a batch: give discriminator.norm=none, or no penalty"
            )

    def _require_styles(self) -> None:
        asked = {"style_mixing": self.style_mixing, "path_length": self.path_length, "sampler": self.sampler}
        if self.style_network is None and (given := [name for name, value in asked.items() if value]):
            raise ValueError(
                f"model.{given[0]} needs a generator with a mapping network, such as generator=stylegan2: "
                f"{type(self.generator).__name__} has none"
            )
        if self.style_network is not None and self.sampler is None:
            self.sampler = LatentSampler()

    @property
    def style_network(self) -> StyleBased | None:
        """The generator, where it is style-based; it then draws pictures of styles: `draw_styles`, `from_styles`.

        One that grows is as far as it has grown.
        """
        if not isinstance(self.generator, StyleBased):
            return None
        return self.generator if self.depth is None else AtDepth(self.generator, self.depth)

    @property
    def depth(self) -> float | None:
        """How far the networks have grown, up to their number of levels; None where they do not grow."""
        if self.growing_images is None:
            return None
        return depth_at(int(self.images_seen), self.growing_images, self._levels)

    def parameter_groups(self) -> dict[str, ParameterGroup]:
        """Both players; the discriminator moves first."""
        return {
            "discriminator": ParameterGroup(
                self.discriminator.parameters(),
                at_rate(self._optimizer, self.discriminator_rate),
                minimises="discriminator_total",
            ),
            "generator": ParameterGroup(
                self.generator.parameters(),
                self._optimizer,
                every=self.discriminator_steps,
                minimises="loss" if self.path_length is None else "generator_total",
            ),
        }

    @property
    def num_parameters(self) -> int:
        """Those of the generator."""
        return sum(p.numel() for p in self.generator.parameters())

    def loss(self, batch: Batch, group: str = "generator") -> dict[str, Tensor]:
        """Of the generator its "loss", and with a penalty on its paths "generator_total", which it minimises then.

        Of the other its loss "discriminator" and the mean scores "real" and "fake".

        "depth" is how far networks that grow have grown.

        "discriminator_total" is what the discriminator minimises: its loss and the weighted penalties. In training
        there is "penalty/NAME" of each, without its weight, in the batches that have it, and "augmentation", the
        strength of one that adapts. Losses of batches outside training are without penalties and augmentation.
        """
        label = labels_for(self.num_classes, batch.label, len(batch.x), self.device)
        if group == "generator":
            return self._generators_terms(len(batch.x), label)
        x = self._grown(batch.x)
        with torch.no_grad():
            generated = self._generated(len(x), label)
        real, fake = self._score(x, label), self._score(generated, label)
        loss = self._loss.discriminator(real, fake)
        terms = {"discriminator": loss, "real": real.mean(), "fake": fake.mean()}
        total = loss
        for name, penalty in self._penalties.items() if self.training else ():
            if self.global_step % penalty.interval == 0:
                terms[f"penalty/{name}"] = penalty(lambda data: self._score(data, label), x, generated)
                total = total + penalty.weight * penalty.interval * terms[f"penalty/{name}"]
        if self.training and isinstance(self.augmentation, Adapts):
            terms["augmentation"] = self.augmentation.strength.clone()
            self.augmentation.adapt(real.detach())
        if self.depth is not None:
            terms["depth"] = torch.tensor(self.depth)
        return {"discriminator_total": total, **terms}

    def _generators_terms(self, n: int, label: Tensor | None) -> dict[str, Tensor]:
        terms = {"loss": self._loss.generator(self._score(self._generated(n, label), label))}
        if self.path_length is None or self.style_network is None:
            return terms
        total, turn = terms["loss"], self.global_step // self.discriminator_steps
        if self.training and turn % self.path_length.interval == 0:
            penalty = self.path_length(self._picture, self._styles(n, label))
            total = total + self.path_length.weight * self.path_length.interval * penalty
            terms["penalty/path_length"] = penalty
        return {"generator_total": total, **terms}

    def _generated(self, n: int, label: Tensor | None) -> Tensor:
        """(n, *shape): for the discriminator."""
        if self.style_network is None:
            return self.generator(randn((n, self.latent_size), None, self.device), label)
        return self._picture(self._styles(n, label))

    def _styles(self, n: int, label: Tensor | None) -> Tensor:
        """(n, num_styles, style_size): of new latent vectors; in training some are mixed with others."""
        assert self.style_network is not None
        styles = self.style_network.styles(randn((n, self.latent_size), None, self.device), label)
        if not self.training or not self.style_mixing:
            return styles
        others = self.style_network.styles(randn((n, self.latent_size), None, self.device), label)
        return mixed(styles, others, self.style_mixing)

    def _picture(self, styles: Tensor) -> Tensor:
        assert self.style_network is not None
        return self.style_network.picture(styles, lambda shape: randn(shape, None, self.device))

    def _score(self, x: Tensor, label: Tensor | None) -> Tensor:
        grown = {} if self.depth is None else {"depth": self.depth}
        return self.discriminator(self.augmentation(x), label, **grown)

    def _grown(self, x: Tensor) -> Tensor:
        """Real images as they are, or as far as networks that grow can see them; those of training are counted.

        They are counted in the first turn of a batch, so that both turns have one depth, and so has a run that is
        resumed from a checkpoint after any batch.
        """
        if self.growing_images is None:
            return x
        if self.training:
            self.images_seen += len(x) * (1 if self._trainer is None else self.trainer.world_size)
        assert self.depth is not None
        return as_grown(x, self.depth, self._levels)

    @torch.no_grad()
    def sample(self, n: int, condition: Conditions = None, *, generator: Randomness = None) -> Tensor:
        """(n, *shape): of latent vectors drawn from N(0, 1); images in [-1, 1]."""
        if self.style_network is not None:
            return self.from_styles(self.draw_styles(n, condition, generator=generator), generator=generator)
        label = labels_for(self.num_classes, condition, n, self.device, turns=True)
        return self.generator(randn((n, self.latent_size), generator, self.device), label)

    def draw_styles(self, n: int, condition: Conditions = None, *, generator: Randomness = None) -> Tensor:
        """(n, num_styles, style_size): of latent vectors drawn from N(0, 1), as near the mean as the sampler says."""
        assert self.style_network is not None
        assert self.sampler is not None
        label = labels_for(self.num_classes, condition, n, self.device, turns=True)
        return self.sampler.styles(self.style_network, randn((n, self.latent_size), generator, self.device), label)

    def from_styles(self, styles: Tensor, *, generator: Randomness = None) -> Tensor:
        """(n, *shape): images in [-1, 1] of styles (n, num_styles, style_size), with the sampler's noise."""
        assert self.style_network is not None
        assert self.sampler is not None
        return self.sampler.pictures(self.style_network, styles, generator).clamp(-1, 1)

    def provenance(self) -> dict[str, Any]:
        return super().provenance() | ({} if self.sampler is None else {"sampler": repr(self.sampler)})
