"""The network predicts the noise as it was added, at its own size."""

from __future__ import annotations

from genlab.denoisers.parameterization import Coefficients
from genlab.processes.schedule import Scales


class Noise:
    """F = sigma eps = x_t - alpha x0, of variance sigma**2: the squared error is `Eps`'s times sigma**2.

    The target of the table `small_unet_mnist`. Undefined where alpha is 0.
    """

    def __call__(self, scales: Scales) -> Coefficients:
        alpha, sigma = scales
        return Coefficients(c_in=(alpha**2 + sigma**2).rsqrt(), c_skip=1 / alpha, c_out=-1 / alpha)
