"""A map of depths as the condition, laid beside the noisy data: https://arxiv.org/abs/2112.10752."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate

from genlab.conditioning.condition import Condition
from genlab.conditioning.depth_estimator import DepthEstimator
from genlab.conditions import Conditions, ConditionTensors, as_input, check_request
from genlab.data.batch import Batch
from genlab.randomness import Randomness
from genlab.ranges import PositiveInt

_FLAT = 1e-6


class DepthConditioner(nn.Module):
    """`channels` (batch, 1, height, width) in [-1, 1]: how near each place is, of each picture its own range.

    Depths are a picture whose white is near, as in the maps that networks of depth make (Stable Diffusion 2's depth
    model). It is a second picture of the data, or what is asked for; else they are estimated, from the data's own
    picture or from the one that is asked for. There is no null. The network needs `condition_channels=1`.

    Args:
        factor: pixels of a cell of the codec's map along each side.
        estimator: pictures -> depths; None where they are always given.
    """

    num_classes: int | None = None
    asks = frozenset({"depth"})
    gives = frozenset({"channels"})
    reads_others = True
    """In training it goes by the second pictures of the data."""
    has_null = False

    def __init__(self, factor: PositiveInt, estimator: DepthEstimator | None = None) -> None:
        super().__init__()
        self.factor, self.estimator = factor, estimator
        if estimator is not None:
            self.asks = frozenset({"picture", "depth"})

    def forward(self, batch: Batch, generator: Randomness = None) -> Condition:
        if batch.other is not None:
            return self._condition(batch.other, batch.other)
        if self.estimator is None:
            raise ValueError("conditioner=depth needs a dataset with a second picture for each; this one has none")
        return self._condition(self.estimator(batch.x), batch.x)

    def from_input(self, n: int, condition: Conditions, device: torch.device | None = None) -> Condition:
        request = as_input(condition)
        check_request(request, self.asks)
        request = request.for_each(n).to(device)
        if request.depth is not None:
            return self._condition(request.depth, request.depth)
        if request.picture is None or self.estimator is None:
            raise ValueError("this model goes by depths: give a picture of them, white where it is near (depth=FILE)")
        return self._condition(self.estimator(request.picture), request.picture)

    def _condition(self, depth: Tensor, picture: Tensor) -> Condition:
        """Of depths in any size, for the map of a picture of the size of `picture`."""
        size = tuple(side // self.factor for side in picture.shape[-2:])
        depth = interpolate(depth.mean(1, keepdim=True), size, mode="bicubic", align_corners=False)
        low, high = depth.amin((1, 2, 3), keepdim=True), depth.amax((1, 2, 3), keepdim=True)
        return Condition(ConditionTensors(channels=2 * (depth - low) / (high - low).clamp_min(_FLAT) - 1))
