"""Lets a grid rise: churn, restarts, RePaint's jumps.

Paper: https://arxiv.org/abs/2206.00364
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from torch import Tensor

from genlab.denoisers.estimate import BoundDenoise
from genlab.processes.gaussian import Gaussian
from genlab.randomness import Randomness
from genlab.ranges import NonNegativeFloat
from genlab.samplers.solver import Solver


@dataclass(frozen=True)
class Renoising:
    """Adds noise where the grid rises, and is `solver` where it falls.

    Args:
        solver: one without memory between steps, such as Ancestral or Heun.
        scale: of the added noise's standard deviation (S_noise of Karras et al. 2022, algorithm 2).
    """

    solver: Solver
    scale: NonNegativeFloat = 1.0
    may_rise = True

    def init(self, x: Tensor, t: Tensor) -> Any:
        return self.solver.init(x, t)

    def step(
        self, process: Gaussian, denoise: BoundDenoise, x: Tensor, t: Tensor, s: Tensor, state: Any,
        generator: Randomness = None,
    ) -> tuple[Tensor, Any]:  # fmt: skip
        if s > t:
            return process.renoise(x, t, s, generator, self.scale), self.solver.init(x, s)
        return self.solver.step(process, denoise, x, t, s, state, generator)

    def calls(self, steps: int) -> int:
        return self.solver.calls(steps)
