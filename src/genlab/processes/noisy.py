"""A degradation that leaves a trace of chance.

Paper: https://arxiv.org/abs/2303.08797
"""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from genlab.processes.degrading import Degradation
from genlab.ranges import PositiveFloat


@dataclass(frozen=True)
class Noisy:
    """Another degradation, with white noise laid over it: what is left at the end then decides a picture of its own.

    With `Fade` and std = 1 this is the straight path of rectified flow.

    Args:
        degradation: without a remainder.
        std: of the noise at severity 1.
    """

    degradation: Degradation
    std: PositiveFloat = 1.0

    def __call__(self, x0: Tensor, severity: Tensor) -> Tensor:
        return self.degradation(x0, severity)

    def remainder(self, noise: Tensor) -> Tensor:
        return self.std * noise
