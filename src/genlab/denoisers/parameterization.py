"""What a network's output F means: x0 = c_skip x_t + c_out F(c_in x_t, c_noise).

Paper: https://arxiv.org/abs/2206.00364
"""

from __future__ import annotations

from typing import NamedTuple, Protocol

from torch import Tensor

from genlab.processes.schedule import Scales


class Coefficients(NamedTuple):
    """The notation of Karras et al. 2022, "Elucidating the design space ...", eq. 7."""

    c_in: Tensor
    c_skip: Tensor
    c_out: Tensor
    c_noise: Tensor | None = None
    """The noise level as the network gets it; None for the schedule's step number."""

    def target(self, x0: Tensor, eps: Tensor, scales: Scales) -> Tensor:
        """The F for which the estimate is `x0` itself, where x_t = alpha x0 + sigma eps."""
        from_x0 = (1 - self.c_skip * scales.alpha) / self.c_out
        from_eps = -self.c_skip * scales.sigma / self.c_out
        return from_x0 * x0 + from_eps * eps


class Parameterization(Protocol):
    """Scales -> coefficients, of the scales' shape.

    One under which the network also says how wide a step is has `learns_variance = True`: its outputs are twice the
    data's channels, F first (see learned_variance.LearnedVariance).
    """

    def __call__(self, scales: Scales) -> Coefficients: ...
