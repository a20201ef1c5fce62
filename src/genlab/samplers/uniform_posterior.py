"""The reverse step of tokens that were replaced by themselves.

Paper: https://arxiv.org/abs/2107.03006
"""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from genlab.denoisers.estimate import BoundDenoise, Estimate
from genlab.processes.uniform_tokens import UniformTokens
from genlab.randomness import Randomness, categorical, rand
from genlab.ranges import PositiveFloat


@dataclass(frozen=True)
class UniformPosterior:
    """x_s ~ sum over x_0 of p(x_0 | x_t) q(x_s | x_t, x_0), the sum exact (Austin et al. 2021, eq. 4, uniform).

    Args:
        temperature: the logits are divided by it; below 1 likely tokens become likelier.
    """

    needs_noise = False
    refuses_noise = True
    undoes = "random tokens"

    temperature: PositiveFloat = 1.0

    def init(self, x: Tensor, t: Tensor) -> None:
        return None

    def step(
        self, process: UniformTokens, denoise: BoundDenoise[Estimate], x: Tensor, t: Tensor, s: Tensor, state: None,
        generator: Randomness = None,
    ) -> tuple[Tensor, None]:  # fmt: skip
        require_random_tokens(process, self)
        x0 = (denoise(x, t).x0 / self.temperature).softmax(1)
        posterior = process.posterior(x, x0, t, s).log()
        return categorical(posterior, rand(x.shape, generator, x.device)), None

    def calls(self, steps: int) -> int:
        return steps


def require_random_tokens(process: object, solver: object) -> None:
    """Raise ValueError for a process that replaces no tokens."""
    if not isinstance(process, UniformTokens):
        raise ValueError(
            f"the solver {type(solver).__name__} undoes random tokens, and {type(process).__name__} makes none: "
            "take sampler=confidence, or model=paella"
        )
