"""A schedule whose betas are given one by one, as some folders of others have them."""

from __future__ import annotations

import torch

from genlab.processes.discrete import Discrete
from genlab.ranges import Fraction


class Listed(Discrete):
    """A variance-preserving schedule of these betas.

    Args:
        betas: that the steps add, in order.
    """

    def __init__(self, betas: list[Fraction]) -> None:
        if not betas:
            raise ValueError("scheduler.betas has no beta: a schedule has one step or more")
        super().__init__(torch.tensor(betas, dtype=torch.float64))
