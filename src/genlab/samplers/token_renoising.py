"""Paella's sampling: draw all tokens, make some of them random again.

Papers: https://arxiv.org/abs/2211.07292, https://arxiv.org/abs/2202.00666
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from genlab.denoisers.estimate import BoundDenoise, Estimate
from genlab.processes.uniform_tokens import UniformTokens
from genlab.randomness import Randomness, categorical, rand
from genlab.ranges import PositiveFloat, Share
from genlab.samplers.uniform_posterior import require_random_tokens


@dataclass(frozen=True)
class TokenRenoising:
    """x_s ~ q(x_s | x_0), x_0 drawn of the estimate; the random tokens are those of the beginning (Rampas et al. 2022).

    Args:
        temperature: the logits are divided by it; below 1 likely tokens become likelier.
        typical_mass: of each token, only values are drawn whose surprise is nearest to the expected one, as many as
            have this probability together (Meister et al. 2022, eq. 11); null draws all.
    """

    needs_noise = False
    refuses_noise = True
    undoes = "random tokens"

    temperature: PositiveFloat = 1.0
    typical_mass: Share | None = None

    def init(self, x: Tensor, t: Tensor) -> Tensor:
        return x

    def step(
        self, process: UniformTokens, denoise: BoundDenoise[Estimate], x: Tensor, t: Tensor, s: Tensor, state: Tensor,
        generator: Randomness = None,
    ) -> tuple[Tensor, Tensor]:  # fmt: skip
        require_random_tokens(process, self)
        logits = denoise(x, t).x0 / self.temperature
        if self.typical_mass is not None:
            logits = typical(logits, self.typical_mass)
        x0 = categorical(logits, rand(x.shape, generator, x.device))
        return x0 if s == 0 else process.corrupt(x0, s, state, generator), state

    def calls(self, steps: int) -> int:
        return steps


def typical(logits: Tensor, mass: float) -> Tensor:
    """(batch, num_values, ...) with -inf for what is too likely or too unlikely to be typical."""
    log_p = logits.log_softmax(1)
    p = log_p.exp()
    entropy = -(p * log_p).nan_to_num().sum(1, keepdim=True)
    order = (-log_p - entropy).abs().argsort(1)
    before = p.gather(1, order).cumsum(1) - p.gather(1, order)  # the mass of what is more typical
    return logits.masked_fill(torch.zeros_like(order, dtype=torch.bool).scatter(1, order, before >= mass), -torch.inf)
