"""The network predicts the clean data."""

from __future__ import annotations

import torch

from genlab.denoisers.parameterization import Coefficients
from genlab.processes.schedule import Scales


class X0:
    """F = x0."""

    def __call__(self, scales: Scales) -> Coefficients:
        alpha, sigma = scales
        one = torch.ones_like(alpha)
        return Coefficients(c_in=(alpha**2 + sigma**2).rsqrt(), c_skip=0 * one, c_out=one)
