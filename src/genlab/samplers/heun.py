"""Heun's method on the probability-flow equation.

Paper: https://arxiv.org/abs/2206.00364
"""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from genlab.denoisers.estimate import BoundDenoise
from genlab.denoisers.prediction import Prediction
from genlab.processes.gaussian import Gaussian
from genlab.randomness import Randomness


@dataclass(frozen=True)
class Heun:
    """d(x / alpha) = eps d(sigma / alpha), with the mean of eps at both ends (Karras et al. 2022, algorithm 1).

    Second order; the step to the data is Euler's. Where alpha is 0 the first step is Euler's too.
    """

    may_rise = False

    def init(self, x: Tensor, t: Tensor) -> None:
        return None

    def step(
        self, process: Gaussian, denoise: BoundDenoise[Prediction], x: Tensor, t: Tensor, s: Tensor, state: None,
        generator: Randomness = None,
    ) -> tuple[Tensor, None]:  # fmt: skip
        start = denoise(x, t)
        (alpha_t, sigma_t), (alpha_s, sigma_s) = start.scales, process.scales(x, s)
        x_s = alpha_s * start.x0 + sigma_s * start.eps
        if sigma_s == 0 or alpha_t == 0:
            return x_s, None
        eps = (start.eps + denoise(x_s, s).eps) / 2
        return alpha_s * (x / alpha_t + (sigma_s / alpha_s - sigma_t / alpha_t) * eps), None

    def calls(self, steps: int) -> int:
        return 2 * steps - 1
