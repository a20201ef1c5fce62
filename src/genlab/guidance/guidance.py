"""The protocol of guidance."""

from __future__ import annotations

from typing import Protocol

from genlab.denoisers.estimate import Denoise


class Guidance(Protocol):
    """Denoise -> Denoise: moves the estimate of x_0 towards what is wanted.

    It asks for an estimate's `x0` alone, and hands on the rest. One that compares with the estimate without a condition
    says so by `needs_null = True`, one that reads the noise of a Gaussian process by `needs_noise = True`. One with
    weights of its own is an `nn.Module` with frozen parameters; they are saved with the model.
    """

    def __call__(self, denoise: Denoise) -> Denoise: ...
