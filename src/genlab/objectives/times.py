"""Which times are trained on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from genlab.processes.schedule import Schedule
from genlab.randomness import Randomness, rand


class TimeDistribution(Protocol):
    """Draws training times."""

    def __call__(
        self, n: int, schedule: Schedule, generator: Randomness = None, device: torch.device | None = None
    ) -> Tensor:
        """(n,) times of `schedule`, float32, none of them 0."""
        ...


@dataclass(frozen=True)
class Uniform:
    """Every step of a discrete schedule alike; every time of a continuous one."""

    def __call__(
        self, n: int, schedule: Schedule, generator: Randomness = None, device: torch.device | None = None
    ) -> Tensor:
        return schedule.at(1 - rand((n,), generator, device))  # (0, 1]
