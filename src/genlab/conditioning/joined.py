"""Several conditions at once, such as a label and a caption."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from genlab.conditioning.condition import Condition, Conditioner, has_null
from genlab.conditions import Conditions, ConditionTensors, as_input, check_request
from genlab.data.batch import Batch
from genlab.randomness import Randomness


class Joined(nn.Module):
    """The fields of all parts. Each part is left away by its own dropout, to its own null.

    A part without dropout has no null: guidance keeps it on both sides and leads away from the others' nulls.

    Args:
        conditioners: the parts; each gives other fields of `ConditionTensors`.
    """

    def __init__(self, conditioners: list[Conditioner]) -> None:
        super().__init__()
        self._parts: tuple[Conditioner, ...] = tuple(conditioners)
        self.conditioners = nn.ModuleList(part for part in conditioners if isinstance(part, nn.Module))
        self.asks = frozenset[str]().union(*(part.asks for part in self._parts))
        self.gives = frozenset[str]().union(*(getattr(part, "gives", ()) for part in self._parts))
        self.num_classes: int | None = next((p.num_classes for p in self._parts if p.num_classes is not None), None)
        self.has_null = any(has_null(part) for part in self._parts)
        taken: set[str] = set()
        for part in self._parts:
            _check_apart(taken, getattr(part, "gives", frozenset()))
            taken |= getattr(part, "gives", frozenset())

    def prepare(self, data: Any) -> None:
        """Before the first step: what a part measures of the data."""
        for part in self._parts:
            if hasattr(part, "prepare"):
                part.prepare(data)

    def provenance(self) -> dict[str, Any]:
        """What the parts say of themselves for the record of scores."""
        made_by = (part.provenance() for part in self._parts if hasattr(part, "provenance"))
        return {key: value for each in made_by for key, value in each.items()}

    def forward(self, batch: Batch, generator: Randomness = None) -> Condition:
        return _together([part(batch, generator) for part in self._parts])

    def from_input(self, n: int, condition: Conditions, device: torch.device | None = None) -> Condition:
        request = as_input(condition)
        check_request(request, self.asks)
        made = []
        for part in self._parts:
            own = part.from_input(n, request.only(part.asks), device)
            if request.names and not request.names & part.asks and own.null is not None:  # only the others are asked
                own = own._replace(given=own.null)
            made.append(own)
        return _together(made)


def _together(parts: list[Condition]) -> Condition:
    given: dict[str, Tensor] = {}
    null: dict[str, Tensor] = {}
    columns: dict[str, Tensor] = {}
    for part in parts:
        if part.given is None:
            continue
        names = part.given.names | (frozenset() if part.null is None else part.null.names)
        _check_apart(set(given), names)
        given |= {name: getattr(part.given, name) for name in part.given.names}
        kept = part.given if part.null is None else part.null
        null |= {name: getattr(kept, name) for name in kept.names}
        if part.dropped is not None:
            columns |= dict.fromkeys(names, part.dropped)
    if not given:
        return Condition()
    n, device = len(next(iter(given.values()))), next(iter(given.values())).device
    none = torch.zeros(n, dtype=torch.bool, device=device)
    dropped = torch.stack([columns.get(name, none) for name in ConditionTensors._fields], 1) if columns else None
    learnt = any(part.null is not None for part in parts)
    return Condition(ConditionTensors(**given), ConditionTensors(**null) if learnt else None, dropped)


def _check_apart(taken: set[str], names: frozenset[str]) -> None:
    if both := sorted(taken & names):
        raise ValueError(f"conditioner.conditioners: two of them give {both[0]}; each must give fields of its own")
