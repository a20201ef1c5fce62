"""DPM-Solver++: two steps of memory on the scale of the log signal-to-noise ratio.

Paper: https://arxiv.org/abs/2211.01095
"""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from genlab.denoisers.estimate import BoundDenoise
from genlab.denoisers.prediction import Prediction
from genlab.processes.gaussian import Gaussian
from genlab.randomness import Randomness, randn_like
from genlab.ranges import Probability

Previous = tuple[Tensor, Tensor] | None
"""(x0, lambda) of the step before."""


@dataclass(frozen=True)
class DPMSolver2M:
    """Second order in h = lambda_s - lambda_t, lambda = log(alpha / sigma), with one call a step.

    Lu et al. 2022, "DPM-Solver++", algorithm 2 at eta = 0. At eta = 1 it solves the reverse diffusion with fresh noise
    (their SDE-DPM-Solver++, appendix B); x0 is extrapolated along lambda in both.
    """

    eta: Probability = 0.0

    def init(self, x: Tensor, t: Tensor) -> Previous:
        return None

    def step(
        self, process: Gaussian, denoise: BoundDenoise[Prediction], x: Tensor, t: Tensor, s: Tensor, state: Previous,
        generator: Randomness = None,
    ) -> tuple[Tensor, Previous]:  # fmt: skip
        prediction = denoise(x, t)
        scales_s = process.scales(x, s)
        (_, sigma_t), (alpha_s, sigma_s) = prediction.scales, scales_s
        now = prediction.scales.log_snr / 2
        h, x0 = scales_s.log_snr / 2 - now, prediction.x0
        if state is not None and sigma_s > 0:
            slope = h / (2 * (now - state[1]))
            x0 = x0 + slope * (x0 - state[0])
        kept = sigma_s / sigma_t  # h is infinite at either end of the noise
        if self.eta > 0:
            kept = kept * (-self.eta * h).exp()
        x_s = kept * x
        x_s = x_s - alpha_s * (-(1 + self.eta) * h).expm1() * x0
        if self.eta > 0:
            x_s = x_s + sigma_s * (-(-2 * self.eta * h).expm1()).sqrt() * randn_like(x, generator)
        return x_s, (prediction.x0, now)

    def calls(self, steps: int) -> int:
        return steps
