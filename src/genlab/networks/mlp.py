"""A residual network of dense layers, for points and for very small pictures."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from genlab.conditions import ConditionTensors
from genlab.networks.conditioned import label_of, reads
from genlab.networks.former_names import accept_former_names
from genlab.networks.timestep import TimestepEmbedding
from genlab.ranges import PositiveInt


class MLP(nn.Module):
    """(batch, *shape) -> the same shape, or (batch, outputs).

    Each block adds a layer of SiLU(normalised input shifted by the time and the class) to what it is given; the last
    layer begins at zero.

    Args:
        shape: of one datum, such as (2,) for points or (channel, height, width).
        width: of the hidden layers; even.
        depth: blocks.
        outputs: numbers of the output; None for as many as the datum has, in its shape.
        num_classes: how many labels there are; None makes the network unconditional. The label `num_classes`, one
            more, stands for no label.
    """

    def __init__(
        self,
        shape: list[PositiveInt],
        width: PositiveInt = 128,
        depth: PositiveInt = 3,
        outputs: PositiveInt | None = None,
        num_classes: PositiveInt | None = None,
    ) -> None:
        super().__init__()
        self._shape = tuple(shape) if outputs is None else (outputs,)
        self.reads = reads(num_classes is not None)
        self.in_proj = nn.Linear(math.prod(shape), width)
        self.time = TimestepEmbedding(width)
        self.class_embedding = None if num_classes is None else nn.Embedding(num_classes + 1, width)
        self.blocks = nn.ModuleList(_Block(width) for _ in range(depth))
        self.out_proj = nn.Linear(width, math.prod(self._shape))
        nn.init.zeros_(self.out_proj.weight)
        nn.init.zeros_(self.out_proj.bias)
        accept_former_names(self, {"enter": "in_proj", "leave": "out_proj"})

    def forward(self, x: Tensor, level: Tensor, condition: ConditionTensors | None = None) -> Tensor:
        """`level` (batch,) the step number; of the condition it reads `label`."""
        embedding = self.time(level)  # (batch, width)
        if self.class_embedding is not None:
            embedding = embedding + self.class_embedding(label_of(condition))
        hidden = self.in_proj(x.flatten(1))  # (batch, width)
        for block in self.blocks:
            hidden = block(hidden, embedding)
        return self.out_proj(torch.nn.functional.silu(hidden)).unflatten(1, self._shape)


class _Block(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.cond_proj = nn.Linear(width, width)
        self.inner = nn.Linear(width, width)
        self.outer = nn.Linear(width, width)
        accept_former_names(self, {"told": "cond_proj"})

    def forward(self, hidden: Tensor, embedding: Tensor) -> Tensor:
        silu = torch.nn.functional.silu
        return hidden + self.outer(silu(self.inner(self.norm(hidden)) + self.cond_proj(silu(embedding))))
