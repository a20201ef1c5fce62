"""A network for each range of noise levels.

Paper: https://arxiv.org/abs/2211.01324
"""

from __future__ import annotations

import math
from typing import Any, cast

import torch
from torch import Tensor, nn

from genlab.conditions import ConditionTensors
from genlab.ranges import NonNegativeFloat


class Experts(nn.Module):
    """Mixture of denoising experts (Balaji et al. 2022, "eDiff-I", section 4.1): each item goes to one network.

    Args:
        networks: of one interface, from the lowest levels to the highest.
        boundaries: rising levels between them (step numbers for a discrete schedule), one fewer than networks; a level
            at a boundary belongs to the network above.
    """

    boundaries: Tensor

    def __init__(self, networks: list[nn.Module], boundaries: list[NonNegativeFloat]) -> None:
        super().__init__()
        if len(boundaries) != len(networks) - 1 or sorted(set(boundaries)) != list(boundaries):
            raise ValueError(
                f"network.boundaries={list(boundaries)} must be {len(networks) - 1} rising levels between "
                f"{len(networks)} networks"
            )
        self.networks = nn.ModuleList(networks)
        read: list[frozenset[str]] = [cast(Any, network).reads for network in networks if hasattr(network, "reads")]
        self.reads: frozenset[str] | None = frozenset.intersection(*read) if read else None
        multiples: list[int | None] = [getattr(network, "side_multiple", None) for network in networks]
        self.side_multiple = None if None in multiples else math.lcm(*(n for n in multiples if n is not None))
        self.register_buffer("boundaries", torch.tensor(boundaries, dtype=torch.float32))

    def forward(self, x: Tensor, level: Tensor, condition: ConditionTensors | None = None) -> Tensor:
        """`level` (batch,). Items are sorted by expert, which waits for the device."""
        expert = torch.bucketize(level.float(), self.boundaries, right=True)  # (batch,): the number of its network
        order = expert.argsort(stable=True)
        counts = torch.bincount(expert, minlength=len(self.networks)).tolist()  # items of each network
        outputs = [
            network(x[rows], level[rows], None if condition is None else condition.rows(rows))
            for network, rows in zip(self.networks, order.split(counts), strict=True)
            if len(rows)
        ]
        return torch.cat(outputs)[order.argsort()]  # back in the order of the batch
