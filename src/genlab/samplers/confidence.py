"""MaskGIT's sampling: draw all hidden tokens, keep the surest.

Paper: https://arxiv.org/abs/2202.04200
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from genlab.denoisers.estimate import BoundDenoise, Estimate
from genlab.processes.masking import Masking
from genlab.processes.share import by_name
from genlab.randomness import Randomness, categorical, rand
from genlab.ranges import NonNegativeFloat, PositiveFloat


@dataclass(frozen=True)
class Confidence:
    """All hidden tokens are drawn; share(s) of them, the least likely, stay hidden (Chang et al. 2022, section 3.2).

    A token that is known is never drawn again. At least one becomes known in each step, all in the last.

    Args:
        noise: of the order. s times so much Gumbel noise is added to log p of each drawn token; without noise tokens
            that are likely anywhere, such as those of the background, come first, and samples are too much alike.
        temperature: the logits are divided by it; below 1 likely tokens become likelier.
        schedule: how many stay hidden: as in training, or another.
    """

    needs_noise = False
    refuses_noise = True
    undoes = "masked tokens"
    settles_tokens = True
    """Each step has a token of its own, so that there are no more steps than tokens."""

    noise: NonNegativeFloat = 4.5
    temperature: PositiveFloat = 1.0
    schedule: Literal["trained", "cosine", "linear", "square"] = "trained"

    def init(self, x: Tensor, t: Tensor) -> None:
        return None

    def step(
        self, process: Masking, denoise: BoundDenoise[Estimate], x: Tensor, t: Tensor, s: Tensor,
        state: Tensor | None, generator: Randomness = None,
    ) -> tuple[Tensor, Tensor]:  # fmt: skip
        hidden = hidden_tokens(process, x, self)
        whole = hidden.flatten(1).sum(1) / self._share(process, t) if state is None else state  # (batch,): at share 1
        logits = denoise(x, t).x0 / self.temperature
        uniform = rand((len(x), 2, *x.shape[1:]), generator, x.device)
        drawn = torch.where(hidden, categorical(logits, uniform[:, 0]), x)
        log_p = logits.log_softmax(1).gather(1, drawn.clamp(max=logits.shape[1] - 1)[:, None])[:, 0]
        gumbel = -(-uniform[:, 1].clamp(1e-7, 1 - 1e-7).log()).log()
        sure = torch.where(hidden, log_p + self.noise * float(s) * gumbel, math.inf).flatten(1)
        left = (self._share(process, s) * whole).floor().long()
        left = torch.minimum(left, hidden.flatten(1).sum(1) - 1)[:, None]  # (batch, 1); below 0 where none is hidden
        order = sure.argsort(1).argsort(1)  # 0 is the least sure
        return torch.where((order < left).reshape(x.shape), process.mask, drawn), whole

    def calls(self, steps: int) -> int:
        return steps

    def _share(self, process: Masking, t: Tensor) -> float:
        return float((process.schedule if self.schedule == "trained" else by_name(self.schedule)).share(t))


def hidden_tokens(process: Masking, x: Tensor, solver: object) -> Tensor:
    """Where `x` is hidden. Raises ValueError for a process that hides nothing."""
    if not isinstance(process, Masking):
        raise ValueError(
            f"the solver {type(solver).__name__} shows hidden tokens, and {type(process).__name__} hides none: "
            "take sampler=token_renoising, or model=maskgit"
        )
    return x == process.mask
