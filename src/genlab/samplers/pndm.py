"""Pseudo linear multistep: DDIM's step with the noise extrapolated from equal steps.

Paper: https://arxiv.org/abs/2202.09778
"""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from genlab.denoisers.estimate import BoundDenoise
from genlab.denoisers.prediction import Prediction
from genlab.processes.gaussian import Gaussian
from genlab.randomness import Randomness

_WEIGHTS = ((1.0,), (3 / 2, -1 / 2), (23 / 12, -16 / 12, 5 / 12), (55 / 24, -59 / 24, 37 / 24, -9 / 24))
"""Adams and Bashforth's, for one to four values of the noise, the latest first."""


@dataclass(frozen=True)
class PNDM:
    """Liu et al. 2022, "Pseudo numerical methods ...", eq. 12; begins with a step of Heun's kind, as latent diffusion.

    For grids of equal steps, such as `leading`.
    """

    needs_signal = True

    def init(self, x: Tensor, t: Tensor) -> tuple[Tensor, ...]:
        return ()

    def step(
        self, process: Gaussian, denoise: BoundDenoise[Prediction], x: Tensor, t: Tensor, s: Tensor,
        state: tuple[Tensor, ...], generator: Randomness = None,
    ) -> tuple[Tensor, tuple[Tensor, ...]]:  # fmt: skip
        prediction = denoise(x, t)
        (alpha_t, sigma_t), (alpha_s, sigma_s) = prediction.scales, process.scales(x, s)
        history = (prediction.eps, *state)[:4]

        def transfer(eps: Tensor) -> Tensor:
            return alpha_s / alpha_t * (x - sigma_t * eps) + sigma_s * eps

        if not state and sigma_s > 0:
            return transfer((prediction.eps + denoise(transfer(prediction.eps), s).eps) / 2), history
        weights = _WEIGHTS[len(history) - 1]
        return transfer(sum((w * eps for w, eps in zip(weights, history, strict=True)), 0 * x)), history

    def calls(self, steps: int) -> int:
        return steps + 1 if steps > 1 else 1
