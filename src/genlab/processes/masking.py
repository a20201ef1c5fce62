"""Tokens are hidden.

Papers: https://arxiv.org/abs/2202.04200, https://arxiv.org/abs/2107.03006
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from genlab.processes.share import Share, share_for
from genlab.randomness import Randomness, rand
from genlab.ranges import PositiveInt


class Masking(nn.Module):
    """x_t: each token is the mask with probability share(t), by itself (Austin et al. 2021, "absorbing").

    Args:
        num_values: of a token, 0, ..., num_values - 1; the mask is `num_values`.
        schedule: the share of hidden tokens.
    """

    corrupts = "masked tokens"
    """For rules: what solvers and objectives are for."""
    shows_known = True
    """A token is hidden or as it is, so that what is known of data can be shown all the time."""

    def __init__(self, num_values: PositiveInt, schedule: Share) -> None:
        super().__init__()
        self.mask = num_values
        self.schedule = schedule

    def prior(
        self, shape: tuple[int, ...], t: Tensor, generator: Randomness = None, device: torch.device | None = None
    ) -> Tensor:
        return torch.full(shape, self.mask, device=device)

    def corrupt(self, x0: Tensor, t: Tensor, noise: Tensor | None = None, generator: Randomness = None) -> Tensor:
        hidden = rand(x0.shape, generator, x0.device) < share_for(x0, self.schedule, t)
        return torch.where(hidden, self.mask, x0)

    def shown(self, x_t: Tensor, t: Tensor, clean: Tensor) -> Tensor:
        """`x_t` with the present estimate in place of what is hidden."""
        return torch.where(x_t == self.mask, clean, x_t)
