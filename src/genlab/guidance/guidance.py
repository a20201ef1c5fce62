"""The protocol of guidance."""

from __future__ import annotations

from typing import Protocol

from genlab.conditions import ConditionInput
from genlab.denoisers.estimate import Denoise
from genlab.prompts import UNHEEDED


class Guidance(Protocol):
    """Denoise -> Denoise: moves the estimate of x_0 towards what is wanted.

    It asks for an estimate's `x0` alone, and hands on the rest. One that compares with the estimate without a condition
    says so by `needs_null = True`, one that reads the noise of a Gaussian process by `needs_noise = True`. One with
    weights of its own is an `nn.Module` with frozen parameters; they are saved with the model.
    """

    def __call__(self, denoise: Denoise) -> Denoise: ...


def check_looked_at(guidance: Guidance, request: ConditionInput) -> None:
    """Raise ValueError, one sentence, for a negative prompt that has no effect."""
    if request.negative_prompt is not None and not getattr(guidance, "needs_null", False):
        raise ValueError(UNHEEDED)
