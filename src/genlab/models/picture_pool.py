"""The pool of what generators made before, from which a discriminator learns too.

Paper: https://arxiv.org/abs/1612.07828 (Shrivastava et al. 2017, section 2.3)
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from genlab.ranges import NonNegativeInt


class PicturePool(nn.Module):
    """Data -> as many: until the pool is full they are kept and come back as they are; then each is, with probability
    one half, exchanged for one of the pool, which it takes the place of.

    The pool is in checkpoints, and draws from torch's default generator, which a training seeds for each batch.

    Args:
        size: how many data it holds; 0 gives all of them back as they are.
    """

    kept: Tensor

    def __init__(self, size: NonNegativeInt = 50) -> None:
        super().__init__()
        if size < 0:
            raise ValueError(f"pool_size={size} must be 0 or more: a number of pictures")
        self.size = size
        self.register_buffer("kept", torch.empty(0))

    @torch.no_grad()
    def forward(self, x: Tensor) -> Tensor:
        if not self.size:
            return x
        if not len(self.kept):
            self.kept = x.new_empty(0, *x.shape[1:])
        room = self.size - len(self.kept)
        self.kept = torch.cat([self.kept, x[:room]])
        return torch.cat([x[:room], *(self._exchanged(one)[None] for one in x[room:])])

    def _exchanged(self, one: Tensor) -> Tensor:
        """`one`, or with probability one half what it takes the place of."""
        if torch.rand(()) < 0.5:
            return one
        place = int(torch.randint(self.size, ()))
        old = self.kept[place].clone()
        self.kept[place] = one
        return old

    def _load_from_state_dict(self, state_dict: Mapping[str, Any], prefix: str, *arguments: Any) -> None:
        if (kept := state_dict.get(f"{prefix}kept")) is not None:  # there are as many as there are
            self.kept = self.kept.new_empty(kept.shape)
        super()._load_from_state_dict(state_dict, prefix, *arguments)
