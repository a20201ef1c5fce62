"""Tokens are replaced by random ones.

Papers: https://arxiv.org/abs/2107.03006, https://arxiv.org/abs/2211.07292
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from genlab.processes.share import Share, share_for
from genlab.randomness import Randomness, rand
from genlab.ranges import PositiveInt


class UniformTokens(nn.Module):
    """x_t: each token is a random one with probability share(t), by itself (Austin et al. 2021, "uniform"; Paella).

    Args:
        num_values: of a token, 0, ..., num_values - 1.
        schedule: the share of replaced tokens.
    """

    corrupts = "random tokens"
    """For rules: what solvers and objectives are for."""

    def __init__(self, num_values: PositiveInt, schedule: Share) -> None:
        super().__init__()
        self.num_values = num_values
        self.schedule = schedule

    def prior(
        self, shape: tuple[int, ...], t: Tensor, generator: Randomness = None, device: torch.device | None = None
    ) -> Tensor:
        return (rand(shape, generator, device) * self.num_values).long()

    def corrupt(self, x0: Tensor, t: Tensor, noise: Tensor | None = None, generator: Randomness = None) -> Tensor:
        """`noise`: the tokens, of the shape of `x0`, that are taken for random ones; None draws them."""
        uniform = rand((len(x0), 2, *x0.shape[1:]), generator, x0.device)
        if noise is None:
            noise = (uniform[:, 1] * self.num_values).long()
        return torch.where(uniform[:, 0] < share_for(x0, self.schedule, t), noise, x0)

    def posterior(self, x_t: Tensor, x0: Tensor, t: Tensor, s: Tensor) -> Tensor:
        """The probabilities of x_s given x_t, (batch, num_values, ...), where those of x_0 are `x0`, likewise.

        sum over x_0 of p(x_0) q(x_t | x_s) q(x_s | x_0) / q(x_t | x_0) (Austin et al. 2021, eq. 3 and 4); the times
        s < t are scalars.
        """
        kept_t, kept_s = (1 - self.schedule.share(time).double() for time in (t, s))
        kept = kept_t / kept_s  # the probability that nothing happened between s and t
        same = nn.functional.one_hot(x_t, self.num_values).movedim(-1, 1)  # of x_t and each value
        of_x_t = kept * same + (1 - kept) / self.num_values  # q(x_t | x_s)
        weight = x0 / (kept_t * same + (1 - kept_t) / self.num_values)
        of_x_s = kept_s * weight + (1 - kept_s) / self.num_values * weight.sum(1, keepdim=True)
        return (of_x_t * of_x_s).to(x0.dtype)
