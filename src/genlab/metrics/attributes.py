"""What data say of their pictures, and which of the pictures show what was never trained on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from genlab.data.source import Attribute
from genlab.metrics.reference import Split

HELD_OUT = "held_out"
"""The attribute that parts pictures like those of training from pictures of combinations that training has not."""


def attributes_of(data: Any, split: Split) -> dict[str, Attribute]:
    """What the data say of each picture of a split, by name; nothing where they say nothing."""
    return dict(data.attributes(split)) if hasattr(data, "attributes") else {}


def told_of(data: Any) -> list[str]:
    """The attributes that the prompt of a sample decides, where that is the first caption of a picture."""
    told: frozenset[str] = getattr(data, "told", frozenset())
    return [name for name in shown(attributes_of(data, "train")) if name in told]


def shown(attributes: Mapping[str, Attribute]) -> dict[str, Attribute]:
    """Those that can be seen in a picture."""
    return {name: each for name, each in attributes.items() if name != HELD_OUT}


def groups_of(attributes: Mapping[str, Attribute]) -> dict[str, Tensor]:
    """Which pictures (n,) are scored together: "_seen" and "_held_out", or "" where the data hold out nothing."""
    if HELD_OUT in attributes:
        names, values = attributes[HELD_OUT].names, torch.from_numpy(attributes[HELD_OUT].values)
        parts = {"_" + name.replace("-", "_").replace(" ", "_"): values == i for i, name in enumerate(names)}
        return {name: rows for name, rows in parts.items() if rows.any()}
    n = len(next(iter(attributes.values())).values)
    return {"": torch.ones(n, dtype=torch.bool)}
