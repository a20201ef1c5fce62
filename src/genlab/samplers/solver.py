"""What a solver is: one step from a time to an earlier one."""

from __future__ import annotations

from typing import Any, Protocol

from torch import Tensor

from genlab.denoisers.estimate import BoundDenoise
from genlab.randomness import Randomness


class Solver(Protocol):
    """A rule that takes x_t to x_s; pure: what it remembers between steps travels as `state`.

    Of what it can do it says, where it differs from most: `may_rise = True`, it can also go from a time to a later
    one; `needs_noise = False`, it serves any process, others a Gaussian one; `refuses_noise = True`, none that is
    Gaussian; `needs_signal = True`, it cannot begin where alpha is 0; `needs_continuous_time = True`, it chooses times
    of its own.
    """

    def init(self, x: Tensor, t: Tensor) -> Any:
        """The state before the first step, at x and its time."""
        ...

    def step(
        self, process: Any, denoise: BoundDenoise, x: Tensor, t: Tensor, s: Tensor, state: Any,
        generator: Randomness = None,
    ) -> tuple[Tensor, Any]:  # fmt: skip
        """(x_s, state); `process` is one that the solver can serve, and `denoise` gives estimates of its kind. `t`, `s`
        are scalars; `s` is 0 in the last step.
        """
        ...

    def calls(self, steps: int) -> int:
        """How many times `denoise` is called in `steps` steps down to time 0."""
        ...
