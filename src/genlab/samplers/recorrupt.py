"""Estimate the data, then corrupt the estimate afresh.

Paper: https://arxiv.org/abs/2303.01469
"""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from genlab.denoisers.estimate import BoundDenoise, Estimate, clean_data
from genlab.processes.process import Process
from genlab.randomness import Randomness


@dataclass(frozen=True)
class Recorrupt:
    """x_s ~ q(x_s | x_0 = estimate): consistency models' sampling (Song et al. 2023, algorithm 1); any process."""

    needs_noise = False

    def init(self, x: Tensor, t: Tensor) -> None:
        return None

    def step(
        self, process: Process, denoise: BoundDenoise[Estimate], x: Tensor, t: Tensor, s: Tensor, state: None,
        generator: Randomness = None,
    ) -> tuple[Tensor, None]:  # fmt: skip
        return process.corrupt(clean_data(x, denoise(x, t).x0), s, generator=generator), None

    def calls(self, steps: int) -> int:
        return steps
