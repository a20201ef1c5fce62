"""What a solver is: one step from a time to an earlier one."""

from __future__ import annotations

from typing import Any, Protocol

from torch import Tensor

from genlab.denoisers.prediction import BoundDenoise
from genlab.processes.gaussian import Gaussian
from genlab.randomness import Randomness


class Solver(Protocol):
    """A rule that takes x_t to x_s; pure: what it remembers between steps travels as `state`.

    A solver that can also go from a time to a later one has the attribute `may_rise = True`; one that does not need
    Gaussian noise has `needs_noise = False`.
    """

    def init(self, x: Tensor, t: Tensor) -> Any:
        """The state before the first step, at x and its time."""
        ...

    def step(
        self, process: Gaussian, denoise: BoundDenoise, x: Tensor, t: Tensor, s: Tensor, state: Any,
        generator: Randomness = None,
    ) -> tuple[Tensor, Any]:  # fmt: skip
        """(x_s, state). `t` and `s` are scalars; `s` is 0 in the last step."""
        ...

    def calls(self, steps: int) -> int:
        """How many times `denoise` is called in `steps` steps down to time 0."""
        ...
