"""A solver's step, after Langevin moves that mend what the steps before it did.

Paper: https://arxiv.org/abs/2011.13456
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from torch import Tensor

from genlab.denoisers.estimate import BoundDenoise
from genlab.denoisers.prediction import Prediction
from genlab.processes.gaussian import Gaussian
from genlab.randomness import Randomness
from genlab.samplers.langevin import Langevin
from genlab.samplers.solver import Solver


@dataclass(frozen=True)
class PredictorCorrector:
    """Song et al. 2021, "Score-based generative modeling ...", algorithm 1, the corrector first in each turn."""

    predictor: Solver
    corrector: Langevin

    def init(self, x: Tensor, t: Tensor) -> Any:
        return self.predictor.init(x, t)

    def step(
        self, process: Gaussian, denoise: BoundDenoise[Prediction], x: Tensor, t: Tensor, s: Tensor, state: Any,
        generator: Randomness = None,
    ) -> tuple[Tensor, Any]:  # fmt: skip
        x = self.corrector.correct(denoise, x, t, generator)
        return self.predictor.step(process, denoise, x, t, s, state, generator)

    def calls(self, steps: int) -> int:
        return self.predictor.calls(steps) + self.corrector.moves * steps
