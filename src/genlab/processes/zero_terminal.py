"""Betas changed so that the last step is noise and nothing else.

Paper: https://arxiv.org/abs/2305.08891
"""

from __future__ import annotations

from genlab.processes.scaled_linear import ScaledLinear
from genlab.ranges import Fraction, PositiveInt


class ZeroTerminal(ScaledLinear):
    """Latent diffusion's schedule with sqrt(alpha_bar) stretched to end at 0 (Lin et al. 2024, algorithm 1).

    The first alpha_bar stays. At the noisy end the noise cannot tell the data, so that the network must predict `v`
    or `x0`, and the grid should visit that end (`trailing`).
    """

    def __init__(
        self, beta_start: Fraction = 0.00085, beta_end: Fraction = 0.012, train_timesteps: PositiveInt = 1000
    ) -> None:
        super().__init__(beta_start, beta_end, train_timesteps)
        root = self.alpha_bar.sqrt()
        first, last = root[1], root[-1]
        root[1:] = (root[1:] - last) * (first / (first - last))
        self.alpha_bar = root**2
