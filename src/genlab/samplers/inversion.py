"""DDIM backwards: the noise that a sample came from.

Papers: https://arxiv.org/abs/2309.04907, https://arxiv.org/abs/2105.05233
"""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from genlab.denoisers.estimate import BoundDenoise
from genlab.denoisers.prediction import Prediction
from genlab.processes.gaussian import Gaussian
from genlab.randomness import Randomness
from genlab.ranges import PositiveInt


@dataclass(frozen=True)
class Inversion:
    """From t up to s: the x_s from which `Ancestral(eta=0)` steps to x_t exactly.

    x_s = alpha_s / alpha_t (x_t - sigma_t eps) + sigma_s eps with eps at x_s itself, found by repetition from
    eps at the rescaled x_t (Pan et al. 2023, "Effective real image editing ...", eq. 9); one iteration is the
    customary inversion (Dhariwal & Nichol 2021, appendix F, whose eps is at x_t). For grids that rise from 0.
    """

    iterations: PositiveInt = 1
    may_rise = True

    def init(self, x: Tensor, t: Tensor) -> None:
        return None

    def step(
        self, process: Gaussian, denoise: BoundDenoise[Prediction], x: Tensor, t: Tensor, s: Tensor, state: None,
        generator: Randomness = None,
    ) -> tuple[Tensor, None]:  # fmt: skip
        (alpha_t, sigma_t), (alpha_s, sigma_s) = process.scales(x, t), process.scales(x, s)
        ratio = alpha_s / alpha_t
        x_s = ratio * x
        for _ in range(self.iterations):
            x_s = ratio * x + (sigma_s - ratio * sigma_t) * denoise(x_s, s).eps
        return x_s, None

    def calls(self, steps: int) -> int:
        return self.iterations * steps
