"""Class labels as the condition.

Paper: https://arxiv.org/abs/2207.12598
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from genlab.conditioning.condition import Condition
from genlab.conditions import Conditions, ConditionTensors, as_input, check_request
from genlab.data.batch import Batch
from genlab.randomness import Randomness, rand
from genlab.ranges import PositiveInt, Rate


class LabelConditioner(nn.Module):
    """(batch,) int64 labels 0, ..., num_classes - 1; the label `num_classes` stands for no label.

    Args:
        num_classes: how many classes the data has.
        dropout: share of training labels replaced by no label, which teaches the unconditional model that
            classifier-free guidance needs (Ho & Salimans 2022, algorithm 1).
    """

    asks = frozenset({"label"})
    gives = frozenset({"label"})

    def __init__(self, num_classes: PositiveInt, dropout: Rate = 0.0) -> None:
        super().__init__()
        self.num_classes: int | None = num_classes
        self._null = num_classes
        self.dropout = dropout

    def forward(self, batch: Batch, generator: Randomness = None) -> Condition:
        if batch.label is None:
            raise ValueError("conditioner=label needs a dataset with labels; this one has none")
        condition = self._condition(batch.label)
        if self.training and self.dropout > 0:
            return condition.without(rand(batch.label.shape, generator, batch.label.device) < self.dropout)
        return condition

    def from_input(self, n: int, condition: Conditions, device: torch.device | None = None) -> Condition:
        request = as_input(condition)
        check_request(request, self.asks)
        label = torch.arange(n) % self._null if request.label is None else request.for_each(n).label
        assert label is not None
        if n and not 0 <= int(label.min()) <= int(label.max()) < self._null:
            wrong = next(int(i) for i in label if not 0 <= i < self._null)
            raise ValueError(f"label {wrong} is not a class of this model: the labels are 0 to {self._null - 1}")
        return self._condition(label.to(device, torch.int64))

    def _condition(self, label: Tensor) -> Condition:
        null = ConditionTensors(label=torch.full_like(label, self._null)) if self.dropout > 0 else None
        return Condition(ConditionTensors(label=label), null)
