"""Linear multistep: the noise extrapolated by a polynomial through the last steps."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from genlab.denoisers.estimate import BoundDenoise
from genlab.denoisers.prediction import Prediction
from genlab.processes.gaussian import Gaussian
from genlab.randomness import Randomness
from genlab.ranges import PositiveInt

History = tuple[tuple[Tensor, Tensor], ...]
"""(level, eps) of the steps before, the latest first."""


@dataclass(frozen=True)
class LMS:
    """Adams and Bashforth's method for d(x / alpha) = eps d(level), level = sigma / alpha, on any spacing.

    The polynomial of degree `order` - 1 through the last values of eps is integrated exactly; the first steps use what
    there is. Not for schedules with alpha = 0.
    """

    order: PositiveInt = 4
    needs_signal = True

    def init(self, x: Tensor, t: Tensor) -> History:
        return ()

    def step(
        self, process: Gaussian, denoise: BoundDenoise[Prediction], x: Tensor, t: Tensor, s: Tensor, state: History,
        generator: Randomness = None,
    ) -> tuple[Tensor, History]:  # fmt: skip
        prediction = denoise(x, t)
        (alpha_t, sigma_t), (alpha_s, sigma_s) = prediction.scales, process.scales(x, s)
        history = ((sigma_t / alpha_t, prediction.eps), *state)[: self.order]
        weights = _integrals([level for level, _ in history], sigma_s / alpha_s)
        moved = x / alpha_t + sum(weight * eps for weight, (_, eps) in zip(weights, history, strict=True))
        return alpha_s * moved, history

    def calls(self, steps: int) -> int:
        return steps


def _integrals(levels: list[Tensor], end: Tensor) -> Tensor:
    """The weights (n,) that integrate the polynomial through n values at `levels` from levels[0] to `end`."""
    width = end - levels[0]
    nodes = (torch.stack(levels) - levels[0]) / width  # (n,): 0 at levels[0], 1 would be `end`
    powers = torch.arange(len(levels), dtype=nodes.dtype)
    return width * torch.linalg.solve(nodes[None] ** powers[:, None], 1 / (powers + 1))  # (n, n), (n,) -> (n,)
