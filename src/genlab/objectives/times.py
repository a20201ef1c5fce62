"""Which times are trained on.

Papers: https://arxiv.org/abs/2107.00630, https://arxiv.org/abs/2403.03206, https://arxiv.org/abs/2206.00364
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from genlab.processes.schedule import Clock, Schedule
from genlab.randomness import Randomness, rand, randn
from genlab.ranges import AnyFloat, PositiveFloat


class TimeDistribution(Protocol):
    """Draws training times.

    One that prefers some times has `settle`, which makes up for it: see importance.Importance and `reweighted`.
    """

    def __call__(
        self, n: int, schedule: Clock, generator: Randomness = None, device: torch.device | None = None
    ) -> Tensor:
        """(n,) times of `schedule`, float32, none of them 0."""
        ...


@dataclass(frozen=True)
class Uniform:
    """Every step of a discrete schedule alike; every time of a continuous one."""

    def __call__(
        self, n: int, schedule: Clock, generator: Randomness = None, device: torch.device | None = None
    ) -> Tensor:
        return schedule.at(1 - rand((n,), generator, device))  # (0, 1]


@dataclass(frozen=True)
class Stratified:
    """Uniform times, one in each of n equal parts, shuffled (Kingma et al. 2021, appendix I.1)."""

    def __call__(
        self, n: int, schedule: Clock, generator: Randomness = None, device: torch.device | None = None
    ) -> Tensor:
        offset = rand((n,), generator, device)
        order = rand((n,), generator, device).argsort()
        return schedule.at(1 - (order + offset) / n * (1 - 1e-6))  # rounding must not reach 0


@dataclass(frozen=True)
class LogitNormal:
    """u = sigmoid(N(mean, std**2)): the middle of the path more often (Esser et al. 2024, eq. 19)."""

    mean: AnyFloat = 0.0
    std: PositiveFloat = 1.0

    def __call__(
        self, n: int, schedule: Clock, generator: Randomness = None, device: torch.device | None = None
    ) -> Tensor:
        return schedule.at((self.mean + self.std * randn((n,), generator, device)).sigmoid().clamp(min=1e-6))


@dataclass(frozen=True)
class LogNormal:
    """log(sigma / alpha) ~ N(mean, std**2) (Karras et al. 2022, table 1)."""

    mean: AnyFloat = -1.2
    std: PositiveFloat = 1.2

    def __call__(
        self, n: int, schedule: Clock, generator: Randomness = None, device: torch.device | None = None
    ) -> Tensor:
        if not isinstance(schedule, Schedule):
            raise ValueError(f"objective.times=LogNormal draws noise levels, and {type(schedule).__name__} has none")
        return schedule.time_of((self.mean + self.std * randn((n,), generator, device)).exp())


def reweighted(times: TimeDistribution, losses: Tensor) -> Tensor:
    """The losses (n,) of the times drawn last, so that their mean is expected to be that of even times.

    Only for times with `settle`; others, such as `LogNormal`, are themselves what is meant to be minimised.
    """
    settle = getattr(times, "settle", None)
    return losses if settle is None else settle(losses)
