"""No condition."""

from __future__ import annotations

import torch

from genlab.conditioning.condition import Condition
from genlab.data.batch import Batch
from genlab.protocols import Conditions
from genlab.randomness import Randomness


class Unconditional:
    """Conditions nothing, whatever labels the data have."""

    num_classes: int | None = None

    def __call__(self, batch: Batch, generator: Randomness = None) -> Condition:
        return Condition()

    def wanted(self, n: int, condition: Conditions, device: torch.device | None = None) -> Condition:
        if condition is not None:
            raise ValueError("this model is unconditional: it cannot be asked for a label")
        return Condition()
