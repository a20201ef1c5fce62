"""What a model gives is a number: anything else is refused in a sentence, and neither scored nor drawn."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

_NOT = "not finite (NaN or infinite)"


class NotFinite(ValueError):
    """A model, or what it gave, holds NaN or infinity."""


def finite(x: Tensor, what: str) -> Tensor:
    """`x` (n, ...) itself. Raises NotFinite, "3 of 64 `what` are not finite ...", when it holds NaN or infinity."""
    good = torch.isfinite(x).flatten(1).all(1) if x.ndim > 1 else torch.isfinite(x)
    if broken := len(x) - int(good.sum()):
        raise NotFinite(
            f"{broken} of {len(x)} {what} are {_NOT}: the model has diverged, or the sampler that it is drawn with"
        )
    return x


def finite_weights(module: Any) -> None:
    """Raises NotFinite when parameters of `module` are not finite: a model of integers draws from such, too."""
    weights = list(module.parameters()) if hasattr(module, "parameters") else []
    if broken := len(weights) - sum(bool(weight.isfinite().all()) for weight in weights):
        raise NotFinite(f"{broken} of the model's {len(weights)} tensors of weights are {_NOT}: it has diverged")
