"""The gradient of the data's log-density, learnt directly; samples by Langevin dynamics.

Paper: https://arxiv.org/abs/1907.05600
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import torch
from torch import Tensor, nn

from genlab.conditions import as_input, check_request
from genlab.data.batch import Batch
from genlab.models.base import GenerativeModule
from genlab.objectives.score_matching import ScoreMatching
from genlab.protocols import Conditions
from genlab.randomness import Randomness, rand, randn_like
from genlab.ranges import PositiveFloat, PositiveInt, Rate, Seed


class Score(GenerativeModule):
    """Score matching at one noise level, that of the data; many levels are family diffusion.

    Sampling begins with uniform draws from the box [-reach, reach] and takes `steps` moves
    x <- x + e s(x) + sqrt(2 e) z (Song & Ermon 2019, eq. 4, with e for half of theirs).

    Args:
        network: (x (batch, *shape), level (batch,), condition) -> the score; it gets level 0.
        objective: which kind of score matching.
        shape: of one datum.
        steps: moves of Langevin dynamics.
        step_size: e.
        reach: half of the box's side.
        optimizer, ema_decay, seed: see GenerativeModule.
    """

    def __init__(
        self,
        network: nn.Module,
        objective: ScoreMatching,
        shape: list[PositiveInt],
        optimizer: Callable[[Iterable[nn.Parameter]], torch.optim.Optimizer],
        steps: PositiveInt = 1000,
        step_size: PositiveFloat = 2e-4,
        reach: PositiveFloat = 1.5,
        ema_decay: Rate | None = None,
        seed: Seed = 0,
    ) -> None:
        super().__init__(optimizer, ema_decay, seed)
        self.network = network
        self.objective = objective
        self.shape = tuple(shape)
        self.steps, self.step_size, self.reach = steps, step_size, reach

    def field(self, x: Tensor) -> Tensor:
        """The learnt score at `x` (n, *shape)."""
        return self.network(x, torch.zeros(len(x), device=x.device, dtype=x.dtype), None)

    def loss(self, batch: Batch) -> dict[str, Tensor]:
        """The objective's mean; its least value depends on the data, so that runs compare only on the same data."""
        return {"loss": self.objective(self.field, batch.x).mean()}

    def sample(self, n: int, condition: Conditions = None, *, generator: Randomness = None) -> Tensor:
        check_request(as_input(condition), ())
        x = self.reach * (2 * rand((n, *self.shape), generator, self.device) - 1)
        for _ in range(self.steps):
            x = x + self.step_size * self.field(x) + (2 * self.step_size) ** 0.5 * randn_like(x, generator)
        return x
