"""Divergences between distributions, in nats.

Paper: https://arxiv.org/abs/1312.6114
"""

from __future__ import annotations

import math

from torch import Tensor


def kl_to_standard_normal(mean: Tensor, log_variance: Tensor) -> Tensor:
    """KL(N(mean, exp(log_variance)) || N(0, 1)) of every coordinate, same shape, in nats.

    1/2 (mean^2 + variance - log variance - 1): Kingma and Welling 2014, "Auto-encoding variational Bayes", appendix B.
    """
    return 0.5 * (mean.square() + log_variance.exp() - log_variance - 1)


def log_normal(z: Tensor, mean: Tensor | float = 0.0, log_variance: Tensor | float = 0.0) -> Tensor:
    """log N(z; mean, exp(log_variance)) of every coordinate, in nats; the defaults are the standard normal."""
    variance = log_variance.exp() if isinstance(log_variance, Tensor) else math.exp(log_variance)
    return -0.5 * ((z - mean) ** 2 / variance + log_variance + math.log(2 * math.pi))
