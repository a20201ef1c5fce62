"""Pictures fade to one grey."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from genlab.config.ranges import Rate


@dataclass(frozen=True)
class Fade:
    """x_0 + severity (1 - remains) (grey - x_0).

    Where nothing remains at the end, all samples of one condition are the same: the picture that is nearest on
    average. A faint remainder breaks that symmetry, as the noise that Bansal et al. 2022 add in section 5.2 does.
    """

    grey: float = 0.0
    remains: Rate = 0.0

    def __call__(self, x0: Tensor, severity: Tensor) -> Tensor:
        return x0 + severity * (1 - self.remains) * (self.grey - x0)
