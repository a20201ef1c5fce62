"""What networks read of a condition."""

from __future__ import annotations

import torch
from torch import Tensor

from genlab.conditions import ConditionTensors


def label_of(condition: ConditionTensors | None) -> Tensor:
    """(batch,) int64: the label of each item. Raises ValueError where there is none."""
    if condition is None or condition.label is None:
        raise ValueError("this network is conditional: it needs a label for each item")
    return condition.label


def with_channels(x: Tensor, condition: ConditionTensors | None, channels: int) -> Tensor:
    """`x` (batch, c, ...) with the condition's `channels` laid beside it: (batch, c + channels, ...).

    Raises:
        ValueError: the condition has none, or another number of them, or of another size.
    """
    if not channels:
        return x
    beside = None if condition is None else condition.channels
    if beside is None:
        raise ValueError(f"network.condition_channels={channels}, but the condition has no picture to lay beside x")
    if beside.shape[1:] != (channels, *x.shape[2:]):
        raise ValueError(
            f"network.condition_channels={channels} beside data of {tuple(x.shape[2:])}, but the picture of the "
            f"condition is {tuple(beside.shape[1:])}"
        )
    return torch.cat([x, beside.to(x.dtype)], dim=1)


def reads(label: bool, channels: int = 0) -> frozenset[str]:
    """The names of the fields of `ConditionTensors` that a network reads, for its attribute `reads`."""
    return frozenset(name for name, read in (("label", label), ("channels", channels > 0)) if read)


def check_reads(network: object, gives: frozenset[str]) -> None:
    """Raise ValueError where a network that says what it reads would ignore a part of the condition.

    Args:
        gives: the fields that the conditioner gives.
    """
    reads: frozenset[str] | None = getattr(network, "reads", None)
    if reads is not None and (ignored := sorted(gives - reads)):
        able = ", ".join(sorted(reads)) or "nothing"
        raise ValueError(
            f"the conditioner gives {ignored[0]}, and the network {type(network).__name__} reads {able} of a "
            "condition: take a network that reads it, or another conditioner"
        )
