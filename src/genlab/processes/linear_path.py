"""The straight path from data to noise: rectified flow, flow matching.

Papers: https://arxiv.org/abs/2209.03003, https://arxiv.org/abs/2210.02747, https://arxiv.org/abs/2403.03206
"""

from __future__ import annotations

from torch import Tensor

from genlab.processes.schedule import Scales
from genlab.ranges import PositiveFloat


class LinearPath:
    """alpha = 1 - t, sigma = t (Liu et al. 2022, "Flow straight and fast"; Lipman et al. 2022, eq. 22).

    Args:
        shift: moves times towards the noise, t = shift u / (1 + (shift - 1) u): large pictures need more noise to lose
            as much (Esser et al. 2024, eq. 23, where it is sqrt(m / n) for m pixels instead of n).
    """

    def __init__(self, shift: PositiveFloat = 1.0) -> None:
        self.shift = shift

    def __call__(self, t: Tensor) -> Scales:
        return Scales(1 - t, t)

    def at(self, u: Tensor) -> Tensor:
        return self.shift * u / (1 + (self.shift - 1) * u)

    def timestep(self, t: Tensor) -> Tensor:
        return 1000 * t

    def time_of(self, level: Tensor) -> Tensor:
        return level / (1 + level)
