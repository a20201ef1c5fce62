"""Pictures fade to one grey."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from genlab.ranges import ColourValue


@dataclass(frozen=True)
class Fade:
    """(1 - severity) x_0 + severity grey.

    Nothing of the picture is left at the end, so that all samples of one condition are the same: the picture that
    is nearest on average, which takes its form step by step.
    """

    grey: ColourValue = 0.0

    def __call__(self, x0: Tensor, severity: Tensor) -> Tensor:
        return x0 + severity * (self.grey - x0)
