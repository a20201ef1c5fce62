"""The step of cold diffusion.

Paper: https://arxiv.org/abs/2208.09392
"""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from genlab.denoisers.estimate import BoundDenoise, Estimate
from genlab.processes.degrading import Degrading
from genlab.processes.process import Process
from genlab.randomness import Randomness


@dataclass(frozen=True)
class Cold:
    """x_s = x_t - D(x0, t) + D(x0, s) (Bansal et al. 2022, "Cold diffusion", algorithm 2).

    Where D is linear in time an error of the estimate x0 cancels to first order, unlike in `Recorrupt`. What is laid
    over the picture (a degradation's `remainder`) is the rest x_t - D(x0, t), which then shrinks to s / t of itself.
    """

    needs_noise = False
    refuses_noise = True

    def init(self, x: Tensor, t: Tensor) -> None:
        return None

    def step(
        self, process: Process, denoise: BoundDenoise[Estimate], x: Tensor, t: Tensor, s: Tensor, state: None,
        generator: Randomness = None,
    ) -> tuple[Tensor, None]:  # fmt: skip
        x0 = denoise(x, t).x0
        if not isinstance(process, Degrading):
            return x - process.corrupt(x0, t) + process.corrupt(x0, s), None
        return process.kept(t, s) * (x - process.degraded(x0, t)) + process.degraded(x0, s), None

    def calls(self, steps: int) -> int:
        return steps
