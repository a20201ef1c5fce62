"""Langevin dynamics at each noise level in turn, as in NCSN.

Papers: https://arxiv.org/abs/1907.05600, https://arxiv.org/abs/2011.13456, https://arxiv.org/abs/2009.05475
"""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from genlab.denoisers.estimate import BoundDenoise
from genlab.denoisers.prediction import Prediction
from genlab.processes.gaussian import Gaussian
from genlab.randomness import Randomness, randn_like
from genlab.ranges import PositiveFloat, PositiveInt


@dataclass(frozen=True)
class Langevin:
    """x <- x + e score + sqrt(2 e) z, `moves` times at a level, e = 2 (snr sigma)**2; then on to the next level.

    Song & Ermon 2019, algorithm 1; `snr` as in Song et al. 2021, algorithm 4, with the norm of the score replaced by
    what it is expected to be, so that an item does not depend on its batch. The data are the last level's estimate
    (Jolicoeur-Martineau et al. 2021). Between levels x is scaled as the signal is.
    """

    moves: PositiveInt = 5
    snr: PositiveFloat = 0.16
    needs_signal = True

    def correct(self, denoise: BoundDenoise[Prediction], x: Tensor, t: Tensor, generator: Randomness = None) -> Tensor:
        """x at `t` after the moves: nearer to the law of x_t."""
        for _ in range(self.moves):
            prediction = denoise(x, t)
            move = 2 * (self.snr * prediction.scales.sigma) ** 2
            x = x + move * prediction.score + (2 * move).sqrt() * randn_like(x, generator)
        return x

    def init(self, x: Tensor, t: Tensor) -> None:
        return None

    def step(
        self, process: Gaussian, denoise: BoundDenoise[Prediction], x: Tensor, t: Tensor, s: Tensor, state: None,
        generator: Randomness = None,
    ) -> tuple[Tensor, None]:  # fmt: skip
        x = self.correct(denoise, x, t, generator)
        alpha_s, sigma_s = process.scales(x, s)
        if sigma_s == 0:
            return denoise(x, t).x0, None
        return alpha_s / process.scales(x, t).alpha * x, None

    def calls(self, steps: int) -> int:
        return self.moves * steps + 1
