"""A learning rate that stays, and then falls in equal steps to nothing.

Paper: https://arxiv.org/abs/1703.10593 (Zhu et al. 2017, section 4)
"""

from __future__ import annotations

from torch import Tensor
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler

from genlab.ranges import PositiveInt, Rate


class LinearDecay(LRScheduler):
    """The optimiser's rate for the share `start` of `total_iters` steps; from there on it falls, to 0 at the end.

    Args:
        total_iters: steps of the training; None is for a config, and known when the schedule is made.
        start: the share after which the rate falls, in [0, 1).
    """

    def __init__(self, optimizer: Optimizer, total_iters: PositiveInt | None, start: Rate = 0.5) -> None:
        if total_iters is None:
            raise ValueError("total_iters must be given: the steps of the training")
        self.total_iters, self.start = total_iters, start
        super().__init__(optimizer)

    def get_lr(self) -> list[float | Tensor]:
        """Of each group of parameters, after `last_epoch` steps."""
        left = (self.total_iters - self.last_epoch) / (self.total_iters * (1 - self.start))
        return [rate * max(0.0, min(1.0, left)) for rate in self.base_lrs]
