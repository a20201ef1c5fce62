"""The estimate of clean data: what networks, guidance and samplers exchange."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Protocol, Self, TypeVar

from torch import Tensor

from genlab.conditioning.condition import Condition


@dataclass(frozen=True)
class Estimate:
    """An estimate of x_0, given x_t; all that guidance and the sampling loop ask for.

    What a process knows besides, its own class of estimates adds: `prediction.Prediction` where the noise is Gaussian.
    """

    x_t: Tensor
    """(batch, ...): float, or int64 where the data are integers."""

    x0: Tensor
    """The clean data, of the shape of `x_t`. Of integers their logits, (batch, num_values, ...), which guidance may mix
    as it mixes pictures."""

    def with_x0(self, x0: Tensor) -> Self:
        """The same place with another estimate."""
        return replace(self, x0=x0)

    def first(self, n: int) -> Self:
        """The estimates of the first `n` items of the batch."""
        return replace(self, x_t=self.x_t[:n], x0=self.x0[:n])


E_co = TypeVar("E_co", bound=Estimate, covariant=True)


class Denoise(Protocol[E_co]):
    """x_t -> the estimate of x_0: a `Denoiser`, or any wrapper of one (guidance, clipping)."""

    def __call__(self, x_t: Tensor, t: Tensor, condition: Condition | None = None) -> E_co:
        """`t` is a scalar or (batch,)."""
        ...


BoundDenoise = Callable[[Tensor, Tensor], E_co]
"""(x_t, t) -> the estimate: a `Denoise` whose condition is settled. What solvers see."""


def clean_data(x_t: Tensor, x0: Tensor) -> Tensor:
    """The clean data that the estimate `x0` at `x_t` means, of the shape of `x_t`: the likeliest of integers."""
    is_logits = x0.is_floating_point() and not x_t.is_floating_point()
    return x0.argmax(1) if is_logits else x0
