"""The network says how wide a reverse step is as well as where it leads.

Paper: https://arxiv.org/abs/2102.09672
"""

from __future__ import annotations

from genlab.denoisers.parameterization import Coefficients, Parameterization
from genlab.processes.schedule import Scales


class LearnedVariance:
    """Twice the channels: F of `mean`, and v with the variance exp(u log beta + (1 - u) log beta_tilde).

    u = (v + 1) / 2: Nichol & Dhariwal 2021, "Improved denoising diffusion ...", eq. 14 and 15, with the interval
    [-1, 1] of their code; nothing keeps v within it. Trained by `objective=hybrid`, used by `sampler=ddpm`.

    Args:
        mean: what the first half of the channels means.
    """

    outputs_per_channel = 2
    """Output channels of the network for each channel of the data."""

    learns_variance = True

    def __init__(self, mean: Parameterization) -> None:
        self.mean = mean

    def __call__(self, scales: Scales) -> Coefficients:
        return self.mean(scales)
