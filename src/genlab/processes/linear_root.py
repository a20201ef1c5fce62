"""The linear schedule with alpha_bar replaced by its square root: the process of the table `small_unet_mnist`."""

from __future__ import annotations

from genlab.processes.linear import Linear
from genlab.ranges import Fraction, PositiveInt


class LinearRoot(Linear):
    """The image is scaled by alpha_bar**(1/4) and the noise has variance 1 - sqrt(alpha_bar).

    An exponent away from DDPM, whose scale is alpha_bar**(1/2) and whose variance is 1 - alpha_bar; with the betas of
    `Linear`. The noise grows half as fast on the scale of log(alpha_bar).
    """

    def __init__(
        self, beta_start: Fraction = 1e-3, beta_end: Fraction = 0.2, train_timesteps: PositiveInt = 50
    ) -> None:
        super().__init__(beta_start, beta_end, train_timesteps)
        self.alpha_bar = self.alpha_bar.sqrt()
