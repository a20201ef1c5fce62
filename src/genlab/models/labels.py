"""Class labels, asked for and checked once for all families."""

from __future__ import annotations

import torch
from torch import Tensor

from genlab.conditions import ConditionInput, as_input, check_request
from genlab.protocols import Conditions


def labels_for(
    num_classes: int | None, condition: Conditions, n: int, device: torch.device | str, turns: bool = False
) -> Tensor | None:
    """The labels (n,) of n images, or None for a model without classes.

    Args:
        num_classes: how many classes the model knows, None for a model that takes no label.
        condition: labels (n,), or None.
        n: how many images.
        device: where the labels go.
        turns: with no condition go through the classes in turn, 0, 1, ..., instead of refusing.
    """
    if isinstance(condition, ConditionInput):
        check_request(condition, {"label"} if num_classes else ())
        condition = condition.for_each(n).label
    elif condition is not None and not isinstance(condition, Tensor):
        condition = as_input(condition)
        check_request(condition, {"label"} if num_classes else ())
        condition = condition.label
    if num_classes is None:
        if turns and condition is not None:
            raise ValueError("this model is unconditional: it cannot be asked for a label")
        return None
    if condition is None and turns:
        return torch.arange(n, device=device) % num_classes
    if not isinstance(condition, Tensor) or condition.shape != (n,):
        got = tuple(condition.shape) if isinstance(condition, Tensor) else type(condition).__name__
        raise ValueError(f"a model of {num_classes} classes needs {n} labels, one an image; got {got}")
    return condition.to(device)
