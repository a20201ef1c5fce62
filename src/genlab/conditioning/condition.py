"""The condition of a batch: what a network gets, and what it gets when there is no condition."""

from __future__ import annotations

from typing import Any, NamedTuple, Protocol

import torch
from torch import Tensor, nn

from genlab.conditions import ConditionInput, Conditions, ConditionTensors, as_input, replaced
from genlab.data.batch import Batch
from genlab.randomness import Randomness


class Condition(NamedTuple):
    """A condition for each item of a batch."""

    given: ConditionTensors | None = None
    """What the network gets; None for an unconditional network."""

    null: ConditionTensors | None = None
    """What it gets when there is no condition, the same fields; None if it never learnt that."""

    dropped: Tensor | None = None
    """Where `given` is `null`, since training left the condition away: (batch,) bool, or (batch, fields) where parts of
    a condition are left away by themselves; None for nowhere. See `genlab.conditions.replaced`."""

    request: ConditionInput | None = None
    """The request: another model's conditioner makes its own condition of it. Set by the model."""

    conditioner: Any = None
    """What made this condition: an objective with data of its own asks it. Set by the model."""

    def without(self, dropped: Tensor | None) -> Condition:
        """The same with `null` where `dropped` is true."""
        if dropped is None or self.given is None or self.null is None:
            return self
        return self._replace(given=replaced(self.given, self.null, dropped), dropped=dropped)


class Conditioner(Protocol):
    """Makes conditions: in training from batches, in sampling from what a person asks for."""

    num_classes: int | None

    asks: frozenset[str]
    """What it can be asked for: names of the fields of `ConditionInput`."""

    def __call__(self, batch: Batch, generator: Randomness = None) -> Condition:
        """The condition of each item of a training batch; some are dropped where the conditioner says so."""
        ...

    def from_input(self, n: int, condition: Conditions, device: torch.device | None = None) -> Condition:
        """The condition of `n` items to be sampled. Raises ValueError for what the model does not know."""
        ...


def has_null(conditioner: Any) -> bool:
    """Whether a conditioner leaves conditions away in training, so that the network knows none."""
    own = getattr(conditioner, "has_null", None)
    return bool(getattr(conditioner, "dropout", 0)) if own is None else bool(own)


def has_weights(conditioner: Any) -> bool:
    """Whether a conditioner makes conditions with weights of its own, which another model's network does not know."""
    return isinstance(conditioner, nn.Module) and any(True for _ in conditioner.parameters())


def of_input(conditioner: Conditioner, n: int, request: Conditions, device: torch.device | None) -> Condition:
    """The condition of `n` samples, with the request."""
    condition = conditioner.from_input(n, request, device)
    if condition.given is None:
        return condition
    return condition._replace(request=as_input(request), conditioner=conditioner)


def in_words_of(
    conditioner: Conditioner, condition: Condition | None, n: int, device: torch.device
) -> Condition | None:
    """A condition as another model's `conditioner` makes it, with the same items left without one.

    Where the other conditioner has no weights its conditions mean the same as any other of the kind, and it adds at
    most the empty one, where `condition` has none.

    Raises:
        ValueError: the other model never saw the empty condition, and items of this batch are left without one.
    """
    if condition is None or condition.given is None:
        return condition
    if not has_weights(conditioner):
        if condition.null is not None:
            return condition
        return condition._replace(null=conditioner.from_input(n, condition.request, device).null)
    own = of_input(conditioner, n, condition.request, device)
    if condition.dropped is not None and own.null is None:
        raise ValueError(
            "the teacher was trained without conditioner.dropout and never saw the empty condition, which this model "
            "learns too: give conditioner.dropout=0, or another teacher"
        )
    return own.without(condition.dropped)


def of_batch(conditioner: Conditioner, batch: Batch) -> Condition:
    """The condition of a training batch, with what it was made of."""
    condition = conditioner(batch)
    if condition.given is None:
        return condition
    request = ConditionInput(batch.label, batch.caption, picture=batch.other, depth=batch.other).only(conditioner.asks)
    return condition._replace(request=request, conditioner=conditioner)
