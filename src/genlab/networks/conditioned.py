"""What networks read of a condition."""

from __future__ import annotations

from collections.abc import Sequence

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
    return torch.cat([x, channels_of(condition, channels, x.shape[2:]).to(x.dtype)], dim=1)


def channels_of(condition: ConditionTensors | None, channels: int, size: Sequence[int]) -> Tensor:
    """(batch, channels, *size): what lies beside x. Raises ValueError where it does not fit."""
    beside = None if condition is None else condition.channels
    if beside is None:
        raise ValueError(f"network.condition_channels={channels}, but the condition has no picture to lay beside x")
    if beside.shape[1:] != (channels, *size):
        raise ValueError(
            f"network.condition_channels={channels} beside data of {tuple(size)}, but the picture of the "
            f"condition is {tuple(beside.shape[1:])}"
        )
    return beside


def text_of(condition: ConditionTensors | None, context_width: int) -> tuple[Tensor, Tensor | None]:
    """(batch, length, context_width), and (batch, length) bool, true where a token counts; None where all do.

    Raises:
        ValueError: the condition has no tokens, or wider or narrower ones.
    """
    if condition is None or condition.tokens is None:
        raise ValueError("this network reads texts: it needs tokens for each item")
    if condition.tokens.shape[-1] != context_width:
        raise ValueError(
            f"network.context_width={context_width}, but the tokens of the condition are "
            f"{condition.tokens.shape[-1]} wide: take network.context_width=${{text.width}}"
        )
    return condition.tokens, condition.mask


def pooled_of(condition: ConditionTensors | None, pooled_width: int) -> Tensor:
    """(batch, pooled_width): one vector for a whole text. Raises ValueError where there is none, or another width."""
    pooled = None if condition is None else condition.pooled
    if pooled is None or pooled.shape[-1] != pooled_width:
        has = "has no such vector" if pooled is None else f"has one of {pooled.shape[-1]}"
        raise ValueError(f"network.pooled_width={pooled_width}, but the condition {has}: take null for none")
    return pooled


def reads(label: bool = False, channels: int = 0, text: bool = False) -> frozenset[str]:
    """The names of the fields of `ConditionTensors` that a network reads, for its attribute `reads`."""
    named = {"label": label, "channels": channels > 0, "tokens": text, "mask": text}
    return frozenset(name for name, read in named.items() if read)


def check_reads(network: object, gives: frozenset[str]) -> None:
    """Raise ValueError where a network that says what it reads would ignore a part of the condition.

    A text that is read word by word may be ignored as the one vector that says the same (`pooled`).

    Args:
        gives: the fields that the conditioner gives.
    """
    reads: frozenset[str] | None = getattr(network, "reads", None)
    if reads is None:
        return
    said_otherwise = {"pooled"} if "tokens" in gives & reads else set()
    if ignored := sorted(gives - reads - said_otherwise):
        able = ", ".join(sorted(reads)) or "nothing"
        raise ValueError(
            f"the conditioner gives {ignored[0]}, and the network {type(network).__name__} reads {able} of a "
            "condition: take a network that reads it, or another conditioner"
        )
