"""Adding Gaussian noise to data.

Paper: https://arxiv.org/abs/2006.11239
"""

from __future__ import annotations

import torch
from torch import Tensor

from genlab.processes.schedule import Scales, Schedule
from genlab.randomness import Randomness, randn, randn_like
from genlab.ranges import PositiveFloat


def step_variances(scales_t: Scales, scales_s: Scales) -> tuple[Tensor, Tensor]:
    """The variances of x_s given x_t and x_0, and of x_t given x_s, for s earlier than t: beta_tilde and beta.

    A reverse step's own lies between them (Ho et al. 2020, section 3.2: the ends are right for data that are one point
    and for data that are standard normal).
    """
    (alpha_t, sigma_t), (alpha_s, sigma_s) = scales_t, scales_s
    forward = (sigma_t**2 - (alpha_t / alpha_s) ** 2 * sigma_s**2).clamp(min=0)
    return forward * (sigma_s / sigma_t) ** 2, forward


class Gaussian:
    """q(x_t | x_0) = N(alpha x_0, sigma**2), with the scales of a schedule.

    Args:
        schedule: time -> (alpha, sigma).
        data_std: standard deviation of the data, for the width of the prior.
    """

    def __init__(self, schedule: Schedule, data_std: PositiveFloat = 1.0) -> None:
        self.schedule = schedule
        self.data_std = data_std

    def scales(self, x: Tensor, t: Tensor) -> Scales:
        """The scales at `t`, a scalar or (batch,), in a shape that multiplies `x`: the one broadcast of time."""
        scales = self.schedule(t)
        if t.ndim == 0:
            return scales
        if t.shape != x.shape[:1]:
            raise ValueError(f"a time of shape {tuple(t.shape)} does not fit a batch of {len(x)}")
        shape = (len(x),) + (1,) * (x.ndim - 1)
        return Scales(*(scale.to(x.dtype).reshape(shape) for scale in scales))

    def prior(
        self, shape: tuple[int, ...], t: Tensor, generator: Randomness = None, device: torch.device | None = None
    ) -> Tensor:
        """A draw from what data look like at time `t`, the noisy end: N(0, alpha**2 data_std**2 + sigma**2)."""
        alpha, sigma = self.schedule(t)
        return (alpha**2 * self.data_std**2 + sigma**2).sqrt() * randn(shape, generator, device)

    def corrupt(self, x0: Tensor, t: Tensor, noise: Tensor | None = None, generator: Randomness = None) -> Tensor:
        alpha, sigma = self.scales(x0, t)
        return alpha * x0 + sigma * (randn_like(x0, generator) if noise is None else noise)

    def shown(self, x_t: Tensor, t: Tensor, clean: Tensor) -> Tensor:
        """x_t / sqrt(alpha**2 + sigma**2), as a network sees it: noise may grow without bound."""
        alpha, sigma = self.schedule(t)
        return x_t / (alpha**2 + sigma**2).sqrt()

    def renoise(self, x: Tensor, t: Tensor, s: Tensor, generator: Randomness = None, scale: float = 1.0) -> Tensor:
        """x_s from x_t for s later than t: N(r x_t, sigma_s**2 - r**2 sigma_t**2), r = alpha_s / alpha_t.

        `scale` multiplies the noise's standard deviation.
        """
        (alpha_t, sigma_t), (alpha_s, sigma_s) = self.scales(x, t), self.scales(x, s)
        ratio = alpha_s / alpha_t
        std = (sigma_s**2 - ratio**2 * sigma_t**2).clamp(min=0).sqrt()
        return ratio * x + scale * std * randn_like(x, generator)
