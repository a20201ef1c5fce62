"""The ancestral step: DDPM at eta = 1, DDIM at eta = 0.

Papers: https://arxiv.org/abs/2010.02502, https://arxiv.org/abs/2006.11239, https://arxiv.org/abs/2102.09672
"""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from genlab.denoisers.estimate import BoundDenoise
from genlab.denoisers.prediction import Prediction
from genlab.processes.gaussian import Gaussian, step_variances
from genlab.randomness import Randomness, randn_like
from genlab.ranges import Probability


@dataclass(frozen=True)
class Ancestral:
    """x_s = alpha_s x0 + sqrt(sigma_s**2 - std**2) eps + std z, std = eta sqrt(var(x_s | x_t, x_0)).

    Song et al. 2021, "Denoising diffusion implicit models", eq. 12 and 16, for any schedule. eta = 1 is DDPM with the
    smaller of its two variances (Ho et al. 2020, eq. 7); eta = 0 is deterministic. Where the network has learnt the
    variance, z has that one, and the mean stays (Nichol & Dhariwal 2021, section 3.1).
    """

    eta: Probability = 1.0

    @property
    def may_rise(self) -> bool:
        """Without fresh noise a step can be taken in either direction (inversion)."""
        return self.eta == 0

    def init(self, x: Tensor, t: Tensor) -> None:
        return None

    def step(
        self, process: Gaussian, denoise: BoundDenoise[Prediction], x: Tensor, t: Tensor, s: Tensor, state: None,
        generator: Randomness = None,
    ) -> tuple[Tensor, None]:  # fmt: skip
        prediction = denoise(x, t)
        scales_s = process.scales(x, s)
        alpha_s, sigma_s = scales_s
        if self.eta == 0:
            return alpha_s * prediction.x0 + sigma_s * prediction.eps, None
        if sigma_s == 0:
            return alpha_s * prediction.x0, None
        lower, _ = step_variances(prediction.scales, scales_s)
        direction = (sigma_s**2 - self.eta**2 * lower).clamp(min=0).sqrt()
        std = self.eta * prediction.variance(scales_s).sqrt()
        return alpha_s * prediction.x0 + direction * prediction.eps + std * randn_like(x, generator), None

    def calls(self, steps: int) -> int:
        return steps
