"""No condition."""

from __future__ import annotations

import torch

from genlab.conditioning.condition import Condition
from genlab.conditions import Conditions, as_input, check_request
from genlab.data.batch import Batch
from genlab.randomness import Randomness


class Unconditional:
    """Conditions nothing, whatever labels the data have."""

    num_classes: int | None = None
    asks: frozenset[str] = frozenset()
    gives: frozenset[str] = frozenset()

    def __call__(self, batch: Batch, generator: Randomness = None) -> Condition:
        return Condition()

    def from_input(self, n: int, condition: Conditions, device: torch.device | None = None) -> Condition:
        check_request(as_input(condition), self.asks)
        return Condition()
