"""How much signal and how much noise there is at a time: the vocabulary that every schedule speaks."""

from __future__ import annotations

from typing import NamedTuple, Protocol, runtime_checkable

from torch import Tensor


class Scales(NamedTuple):
    """x_t = alpha x_0 + sigma eps."""

    alpha: Tensor
    sigma: Tensor

    @property
    def log_snr(self) -> Tensor:
        """log(alpha**2 / sigma**2): infinite for clean data."""
        return 2 * (self.alpha.log() - self.sigma.log())


class Clock(Protocol):
    """Names the times of a process. Time 0 is clean data; time grows towards the noisy end, which is `at(1)`.

    Times are tensors of any shape, scalars included; a scalar on the host stays there, so that a sampler's
    coefficients are float64 and cost the device nothing.
    """

    def at(self, u: Tensor) -> Tensor:
        """The time that lies at the fraction `u` in (0, 1] of the way to the noisy end."""
        ...

    def timestep(self, t: Tensor) -> Tensor:
        """The number that a network gets for time `t`: a step number, or of that size."""
        ...


@runtime_checkable
class Schedule(Clock, Protocol):
    """A clock that also says how much signal and noise there is: time -> scales."""

    def __call__(self, t: Tensor) -> Scales:
        """The scales at `t`, of its shape, device and dtype."""
        ...

    def time_of(self, level: Tensor) -> Tensor:
        """The time at which sigma / alpha is `level`; on a discrete schedule the nearest step in log(level)."""
        ...
