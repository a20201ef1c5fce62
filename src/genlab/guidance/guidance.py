"""The protocol of guidance."""

from __future__ import annotations

from typing import Protocol

from genlab.denoisers.prediction import Denoise


class Guidance(Protocol):
    """Denoise -> Denoise: moves the estimate of x_0 towards what is wanted."""

    def __call__(self, denoise: Denoise) -> Denoise: ...
