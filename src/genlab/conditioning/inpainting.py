"""What is known of a picture, and where, as the condition: models that were trained to fill in.

Paper: https://arxiv.org/abs/2112.10752 (Rombach et al. 2022, section 4.5)
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import interpolate

from genlab.conditioning.condition import Condition
from genlab.conditioning.picture import EncodesPictures
from genlab.conditions import Conditions, ConditionTensors, as_input, check_request
from genlab.data.batch import Batch
from genlab.randomness import Randomness, rand

_LEAST = 0.25
"""Of a side of the picture: the least that is filled in when training."""


class InpaintingConditioner(EncodesPictures):
    """`channels` (batch, 1 + c, height, width): 1 where the picture is made anew, and the map of the rest of it.

    What is made anew is grey for the codec, and a cell of the map is as the pixel in its first corner. In training it
    is a rectangle of any place, each side of it at least a quarter of the picture's. There is no null: guidance by a
    text keeps what is known. The network needs one more `condition_channels` than the codec has channels.
    """

    num_classes: int | None = None
    asks = frozenset({"picture", "mask"})
    gives = frozenset({"channels"})
    has_null = False

    def forward(self, batch: Batch, generator: Randomness = None) -> Condition:
        return self._condition(batch.x, _rectangles(batch.x, generator))

    def from_input(self, n: int, condition: Conditions, device: torch.device | None = None) -> Condition:
        request = as_input(condition)
        check_request(request, self.asks)
        request = request.for_each(n)
        if request.picture is None or request.mask is None:
            missing = "picture=FILE" if request.picture is None else "mask=FILE, white where it is made anew"
            raise ValueError(f"this model fills in a part of a picture: give {missing}")
        return self._condition(request.picture.to(device), request.mask.to(device))

    @torch.no_grad()
    def _condition(self, picture: Tensor, anew: Tensor) -> Condition:
        known = self.encode(torch.where(anew, 0.0, picture))
        cells = interpolate(anew.to(known.dtype), known.shape[-2:])
        return Condition(ConditionTensors(channels=torch.cat([cells, known], 1)))


def _rectangles(x: Tensor, generator: Randomness) -> Tensor:
    """(batch, 1, height, width) bool: true in a rectangle of each."""
    numbers = rand((len(x), 4), generator, x.device)
    inside = torch.ones_like(x[:, :1], dtype=torch.bool)
    for dim, (share, place) in zip((2, 3), (numbers[:, :2].unbind(1), numbers[:, 2:].unbind(1)), strict=True):
        length = x.shape[dim] * (_LEAST + (1 - _LEAST) * share)
        first = place * (x.shape[dim] - length)
        at = torch.arange(x.shape[dim], device=x.device) + 0.5
        along = (at >= first[:, None]) & (at <= (first + length)[:, None])  # (batch, side)
        inside &= along[:, None, :, None] if dim == 2 else along[:, None, None, :]
    return inside
