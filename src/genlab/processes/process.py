"""The protocol of processes."""

from __future__ import annotations

from typing import Protocol

import torch
from torch import Tensor

from genlab.processes.schedule import Clock
from genlab.randomness import Randomness


class Process(Protocol):
    """What is done to data, and undone by sampling.

    `gaussian.Gaussian` can also say its scales and add noise to noisy data; solvers that need that say so. A process
    whose x_t a codec cannot decode as they are also has `shown(x_t, t, clean) -> x`: what of x_t can be looked at, at
    the scalar time `t` and where `clean` is the estimate of the clean data. One that may leave data as they are has
    `shows_known = True`: a part that is known then stays as it is, from the first step on.
    """

    @property
    def schedule(self) -> Clock:
        """Its times; a `Schedule` where the process is Gaussian."""
        ...

    def prior(
        self, shape: tuple[int, ...], t: Tensor, generator: Randomness = None, device: torch.device | None = None
    ) -> Tensor:
        """A draw from what data look like at time `t`, the noisy end."""
        ...

    def corrupt(self, x0: Tensor, t: Tensor, noise: Tensor | None = None, generator: Randomness = None) -> Tensor:
        """x_t, of the shape of `x0`; `t` is a scalar or (batch,)."""
        ...
