"""The estimate of clean data where Gaussian noise was added to them.

Paper: https://arxiv.org/abs/2102.09672
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Self

from torch import Tensor

from genlab.denoisers.estimate import Estimate
from genlab.processes.gaussian import step_variances
from genlab.processes.schedule import Scales


@dataclass(frozen=True)
class Prediction(Estimate):
    """An estimate of x_0, given x_t, and its equivalents by x_t = alpha x_0 + sigma eps."""

    scales: Scales
    share: Tensor | None = None
    """Where the log-variance of a reverse step lies, of the shape of `x0`: 0 at its lower end, 1 at its upper one
    (Nichol & Dhariwal 2021, "Improved denoising diffusion ...", eq. 15); None where the network does not say."""

    @property
    def eps(self) -> Tensor:
        """The noise in x_t; undefined (0 / 0) at time 0."""
        return (self.x_t - self.scales.alpha * self.x0) / self.scales.sigma

    @property
    def score(self) -> Tensor:
        """The gradient of log q(x_t): -eps / sigma."""
        return -self.eps / self.scales.sigma

    @property
    def velocity(self) -> Tensor:
        """eps - x_0: dx_t / dt on the linear path."""
        return self.eps - self.x0

    def variance(self, scales_s: Scales) -> Tensor:
        """Of x_s given x_t, s the earlier time of `scales_s` with some noise: the lower end where nothing is learnt."""
        return self.variance_between(*step_variances(self.scales, scales_s))

    def variance_between(self, lower: Tensor, upper: Tensor) -> Tensor:
        """The learnt point between the logarithms of two variances; the lower one where nothing is learnt."""
        return lower if self.share is None else (lower.log() + self.share * (upper / lower).log()).exp()

    def first(self, n: int) -> Self:
        at_each = Scales(*(scale if scale.ndim == 0 else scale[:n] for scale in self.scales))
        share = None if self.share is None else self.share[:n]
        return replace(self, x_t=self.x_t[:n], x0=self.x0[:n], scales=at_each, share=share)
