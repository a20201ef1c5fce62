"""Pictures in ever larger blocks.

Paper: https://arxiv.org/abs/2208.09392
"""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor
from torch.nn.functional import avg_pool2d, interpolate

from genlab.ranges import PositiveInt


@dataclass(frozen=True)
class Pixelate:
    """Blocks of 1, 2, 4, ..., 2**halvings pixels a side take their mean; between two sizes the pictures are mixed.

    The super-resolution of Bansal et al. 2022, section 4.3, made continuous. Sides of the picture must be multiples of
    the largest block's.
    """

    halvings: PositiveInt = 3

    def __call__(self, x0: Tensor, severity: Tensor) -> Tensor:
        if any(side % 2**self.halvings for side in x0.shape[-2:]):
            raise ValueError(
                f"scheduler.halvings={self.halvings} makes blocks of {2**self.halvings} pixels a side, "
                f"which do not divide a picture of {tuple(x0.shape[-2:])}"
            )
        level = severity * self.halvings
        x = x0
        for k in range(1, self.halvings + 1):
            blocks = interpolate(avg_pool2d(x0, 2**k), scale_factor=2.0**k, mode="nearest")
            x = x + (level - (k - 1)).clamp(0, 1) * (blocks - x)
        return x
