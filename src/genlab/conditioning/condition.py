"""What a network is told besides the noisy data."""

from __future__ import annotations

from typing import NamedTuple, Protocol

import torch
from torch import Tensor

from genlab.data.batch import Batch
from genlab.protocols import Conditions
from genlab.randomness import Randomness


class Condition(NamedTuple):
    """A condition for each item of a batch."""

    given: Tensor | None = None
    """What the network is told, (batch, ...); None for an unconditional network."""

    null: Tensor | None = None
    """What it is told when there is no condition, same shape; None if it never learnt that."""


class Conditioner(Protocol):
    """Makes conditions: in training from batches, in sampling from what a person asks for."""

    num_classes: int | None

    def __call__(self, batch: Batch, generator: Randomness = None) -> Condition:
        """The condition of each item of a training batch; some are dropped where the conditioner says so."""
        ...

    def wanted(self, n: int, condition: Conditions, device: torch.device | None = None) -> Condition:
        """The condition of `n` items to be sampled. Raises ValueError for what the model does not know."""
        ...
