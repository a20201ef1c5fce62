"""The reverse step of tokens that were hidden by themselves.

Paper: https://arxiv.org/abs/2107.03006
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from genlab.denoisers.estimate import BoundDenoise, Estimate
from genlab.processes.masking import Masking
from genlab.randomness import Randomness, categorical, rand
from genlab.ranges import PositiveFloat
from genlab.samplers.confidence import hidden_tokens


@dataclass(frozen=True)
class Unmask:
    """A hidden token is drawn with probability (share(t) - share(s)) / share(t) (Austin et al. 2021, eq. 3, absorbing).

    Which tokens that are does not depend on what they are: with many steps this is the model's own law.

    Args:
        temperature: the logits are divided by it; below 1 likely tokens become likelier.
    """

    needs_noise = False
    refuses_noise = True
    undoes = "masked tokens"

    temperature: PositiveFloat = 1.0

    def init(self, x: Tensor, t: Tensor) -> None:
        return None

    def step(
        self, process: Masking, denoise: BoundDenoise[Estimate], x: Tensor, t: Tensor, s: Tensor, state: None,
        generator: Randomness = None,
    ) -> tuple[Tensor, None]:  # fmt: skip
        hidden = hidden_tokens(process, x, self)
        logits = denoise(x, t).x0 / self.temperature
        uniform = rand((len(x), 2, *x.shape[1:]), generator, x.device)
        shown = 1 - float(process.schedule.share(s) / process.schedule.share(t))
        drawn = categorical(logits, uniform[:, 0])
        return torch.where(hidden & (uniform[:, 1] < shown), drawn, x), None

    def calls(self, steps: int) -> int:
        return steps
