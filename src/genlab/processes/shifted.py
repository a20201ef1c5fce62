"""Schedules with more noise, or less, at the same times: what larger pictures need to lose as much.

Paper: https://arxiv.org/abs/2301.11093
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from genlab.picture_size import Size, height_and_width
from genlab.processes.cosine import Cosine
from genlab.processes.discrete import Discrete
from genlab.processes.schedule import Scales, Schedule
from genlab.ranges import AnyFloat, Fraction, NonNegativeFloat, PositiveInt


class Shifted:
    """log SNR(t) + shift at the times of another schedule (Hoogeboom et al. 2023, "Simple diffusion", section 3.1).

    alpha**2 + sigma**2 stays as it is at each time. A picture of which every k x k pixels are averaged has k**2 times
    the SNR, so that pictures of k times the side look alike when averaged if they get shift = -2 log(k).

    Args:
        schedule: of continuous time; discrete steps are `ShiftedSteps`.
        shift: of log(alpha**2 / sigma**2); below 0 for more noise.
    """

    def __init__(self, schedule: Schedule, shift: AnyFloat) -> None:
        if isinstance(schedule, Discrete):
            raise ValueError(
                f"scheduler.schedule={type(schedule).__name__} has discrete steps: shift it by ShiftedSteps"
            )
        self.schedule, self.shift = schedule, shift

    def __call__(self, t: Tensor) -> Scales:
        alpha, sigma = self.schedule(t)
        ratio = math.exp(self.shift)
        change = (1 + alpha**2 / (alpha**2 + sigma**2) * (ratio - 1)).rsqrt()
        return Scales(alpha * math.sqrt(ratio) * change, sigma * change)

    def at(self, u: Tensor) -> Tensor:
        return self.schedule.at(u)

    def timestep(self, t: Tensor) -> Tensor:
        """That of the other schedule."""
        return self.schedule.timestep(t)

    def time_of(self, level: Tensor) -> Tensor:
        return self.schedule.time_of(level * math.exp(self.shift / 2))


class ShiftedSteps(Discrete):
    """As `Shifted`, of a schedule of discrete steps; the shift may change along the way ("interpolated", section 3.1).

    alpha_bar' = r alpha_bar / (1 + alpha_bar (r - 1)), log(r) being the shift.

    Args:
        schedule: that is shifted.
        shift: of log(alpha_bar / (1 - alpha_bar)) at the data; below 0 for more noise.
        shift_of_noise: the same at the noisy end, with (1 - t) shift + t shift_of_noise between; None for `shift`.
    """

    def __init__(self, schedule: Discrete, shift: AnyFloat, shift_of_noise: AnyFloat | None = None) -> None:
        t = torch.linspace(0, 1, schedule.n_steps + 1, dtype=torch.float64)
        shift_of_noise = shift if shift_of_noise is None else shift_of_noise
        ratio = (shift + t * (shift_of_noise - shift)).exp()
        alpha_bar = ratio * schedule.alpha_bar / (1 + schedule.alpha_bar * (ratio - 1))
        if bool((alpha_bar.diff() >= 0).any()):
            raise ValueError(
                f"scheduler.shift={shift:g} and scheduler.shift_of_noise={shift_of_noise:g}: the signal must fall at "
                "each step: let them differ less"
            )
        super().__init__(1 - alpha_bar[1:] / alpha_bar[:-1])
        self.alpha_bar = alpha_bar  # not the product of rounded betas


class ShiftedCosine(ShiftedSteps):
    """The cosine schedule, which suits pictures of `reference` pixels a side, for pictures of `size`.

    shift = 2 log(reference / size); "cosine shifted", or with `reference_of_noise` "cosine interpolated" (Hoogeboom
    et al. 2023, section 3.1).

    Args:
        size: of the picture; of other pictures than squares the side of the square of as many pixels.
        reference: a side in pixels.
        reference_of_noise: the same at the noisy end, from which the shift goes over to that of `reference` at the
            data; None for `reference`.
        train_timesteps, offset, max_beta: as of `Cosine`.
    """

    def __init__(
        self,
        size: Size,
        reference: PositiveInt = 64,
        reference_of_noise: PositiveInt | None = None,
        train_timesteps: PositiveInt = 1000,
        offset: NonNegativeFloat = 0.008,
        max_beta: Fraction = 0.999,
    ) -> None:
        side = math.sqrt(math.prod(height_and_width(size)))
        shift = 2 * math.log(reference / side)
        of_noise = None if reference_of_noise is None else 2 * math.log(reference_of_noise / side)
        super().__init__(Cosine(train_timesteps, offset, max_beta), shift, of_noise)
