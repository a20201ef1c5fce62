"""Translation between two domains that nothing pairs: there, and back to where it began (CycleGAN).

Paper: https://arxiv.org/abs/1703.10593 (Zhu et al. 2017)
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

import torch
from torch import Tensor, nn

from genlab.conditions import as_input
from genlab.data.batch import Batch
from genlab.models.base import GenerativeModule
from genlab.models.parameter_groups import MakeOptimizer, ParameterGroup, at_rate
from genlab.models.picture_pool import PicturePool
from genlab.objectives.adversarial_losses import AdversarialLoss
from genlab.protocols import Conditions, Direction
from genlab.randomness import Randomness
from genlab.ranges import NonNegativeFloat, NonNegativeInt, PositiveFloat, Rate, Seed


class Network(Protocol):
    """What this family asks of a generator (data -> data of the same shape) and of a discriminator (data -> scores)."""

    def __call__(self, x: Tensor) -> Tensor: ...

    def parameters(self) -> Iterator[nn.Parameter]:
        """What is trained."""
        ...


class Translation(GenerativeModule):
    """x of domain a <-> x of domain b: a generator each way, a discriminator for each domain, trained by turns.

    Both generators minimise the loss of two players for what they make, the mean absolute error of what comes back
    after both (the cycle, equation 2), and that of what they make of data that are in their domain already (the
    identity, section 5.2). Discriminators see a pool of what was made before. All errors are means over numbers of the
    data. The losses of two players rank no models, nor do those of cycles: a generator that copies has none.

    A batch has data of a as `x` and of b as `other`. `sample` translates from a to b.

    Args:
        generator_a_to_b, generator_b_to_a: data of one domain -> data of the other.
        discriminator_a, discriminator_b: data -> scores of any shape, high where they look real.
        loss: what either player minimises; its unit is the loss's own.
        optimizer: parameters -> optimiser, of both groups.
        adversarial_weight: of the generators' loss of two players.
        cycle_weight, identity_weight: of the other two errors.
        pool_size: how many data of each domain the pool holds; 0 shows the discriminators the newest alone.
        discriminator_rate: the discriminators' learning rate over the generators'.
        ema_decay, seed: see GenerativeModule. The generators are averaged.
    """

    asks = frozenset({"picture"})
    ema_parts = ("generators",)
    losses_rank_models = False
    """They tell how both players do against each other (see models/rules.py)."""
    needs_two_domains = True
    """Batches have data of two domains (see models/rules.py)."""
    usual_edit = "translate"
    """What `genlab edit` does with such a model where nothing else is asked for."""

    def __init__(
        self,
        generator_a_to_b: Network,
        generator_b_to_a: Network,
        discriminator_a: Network,
        discriminator_b: Network,
        loss: AdversarialLoss,
        optimizer: MakeOptimizer,
        adversarial_weight: NonNegativeFloat = 2.0,
        cycle_weight: NonNegativeFloat = 10.0,
        identity_weight: NonNegativeFloat = 5.0,
        pool_size: NonNegativeInt = 50,
        discriminator_rate: PositiveFloat = 1.0,
        ema_decay: Rate | None = None,
        seed: Seed = 0,
    ) -> None:
        super().__init__(optimizer, ema_decay, seed)
        self.generators = nn.ModuleDict({"a_to_b": generator_a_to_b, "b_to_a": generator_b_to_a})  # type: ignore[dict-item]
        self.discriminators = nn.ModuleDict({"a": discriminator_a, "b": discriminator_b})  # type: ignore[dict-item]
        self.pools = nn.ModuleDict({"a": PicturePool(pool_size), "b": PicturePool(pool_size)})
        self.adversarial_weight, self.cycle_weight, self.identity_weight = (
            adversarial_weight, cycle_weight, identity_weight
        )  # fmt: skip
        self.discriminator_rate = discriminator_rate
        self._loss = loss
        self._made: tuple[Tensor, dict[str, Tensor]] | None = (
            None  # a batch, known by its data of a, and what it became
        )

    def parameter_groups(self) -> dict[str, ParameterGroup]:
        """Both generators, which move first, and both discriminators."""
        return {
            "generators": ParameterGroup(self.generators.parameters(), self._optimizer),
            "discriminators": ParameterGroup(
                self.discriminators.parameters(),
                at_rate(self._optimizer, self.discriminator_rate),
                minimises="discriminators",
            ),
        }

    @property
    def num_parameters(self) -> int:
        """Those of both generators."""
        return sum(p.numel() for p in self.generators.parameters())

    def loss(self, batch: Batch, group: str = "generators") -> dict[str, Tensor]:
        """Of the generators "loss" and its parts without their weights: "deceit/b", "cycle/a", "identity/a", ...

        Of the discriminators their loss, "discriminators", and the mean scores "real/a", "fake/a", ... They see what
        the generators made in their turn.
        """
        if batch.other is None:
            raise ValueError("a translation needs data of two domains: take dataset=emoji_pair or dataset=two_folders")
        real = {"a": batch.x, "b": batch.other}
        return self._of_generators(real) if group == "generators" else self._of_discriminators(real)

    def _of_generators(self, real: dict[str, Tensor]) -> dict[str, Tensor]:
        fake = self._translated(real)
        self._made = real["a"], {domain: made.detach() for domain, made in fake.items()}
        back = {"a": self.translate(fake["b"], "b_to_a"), "b": self.translate(fake["a"], "a_to_b")}
        terms: dict[str, Tensor] = {}
        for domain, toward in (("a", "b_to_a"), ("b", "a_to_b")):
            terms[f"deceit/{domain}"] = self._loss.generator(self.discriminators[domain](fake[domain]))
            terms[f"cycle/{domain}"] = (back[domain] - real[domain]).abs().mean()
            if self.identity_weight:
                terms[f"identity/{domain}"] = (self.generators[toward](real[domain]) - real[domain]).abs().mean()
        weights = {"deceit": self.adversarial_weight, "cycle": self.cycle_weight, "identity": self.identity_weight}
        total = sum(weights[name.partition("/")[0]] * term for name, term in terms.items())
        return {"loss": torch.as_tensor(total), **terms}

    def _of_discriminators(self, real: dict[str, Tensor]) -> dict[str, Tensor]:
        terms, total = {}, torch.zeros((), device=self.device)
        for domain, made in self._made_of(real).items():
            shown = self.pools[domain](made) if self.training else made
            scores = self.discriminators[domain](real[domain]), self.discriminators[domain](shown)
            terms[f"real/{domain}"], terms[f"fake/{domain}"] = (score.mean() for score in scores)
            total = total + self._loss.discriminator(*scores)
        return {"discriminators": total, **terms}

    def _made_of(self, real: dict[str, Tensor]) -> dict[str, Tensor]:
        """What the generators made of a batch: in their turn, where that was the last one."""
        if self._made is not None and self._made[0] is real["a"]:
            return self._made[1]
        with torch.no_grad():
            return self._translated(real)

    def _translated(self, real: dict[str, Tensor]) -> dict[str, Tensor]:
        return {"a": self.translate(real["b"], "b_to_a"), "b": self.translate(real["a"], "a_to_b")}

    def translate(self, x: Tensor, direction: Direction = "a_to_b") -> Tensor:
        """What each of `x` (batch, *shape) is in the other domain, same shape, deterministic.

        Raises:
            ValueError: there is no such direction.
        """
        if direction not in self.generators:
            raise ValueError(f"direction = {direction!r} must be a_to_b or b_to_a")
        out: Tensor = self.generators[direction](x)
        return out

    @torch.no_grad()
    def sample(self, n: int, condition: Conditions = None, *, generator: Randomness = None) -> Tensor:
        """(n, *shape): what the pictures (1 or n, *shape) of `condition` are in b."""
        picture = as_input(condition).picture
        if picture is None:
            raise ValueError("a sample of a translation is made of a picture: give picture=FILE")
        return self.translate(picture.to(self.device)).expand(n, *picture.shape[1:])
