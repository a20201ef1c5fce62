"""UniPC: each call of the network predicts the next step and corrects the last one.

Paper: https://arxiv.org/abs/2302.04867
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

import torch
from torch import Tensor

from genlab.denoisers.estimate import BoundDenoise
from genlab.denoisers.prediction import Prediction
from genlab.processes.gaussian import Gaussian
from genlab.processes.schedule import Scales
from genlab.randomness import Randomness


class Point(NamedTuple):
    """A place that the solver has visited."""

    x: Tensor
    x0: Tensor
    scales: Scales

    @property
    def lambda_(self) -> Tensor:
        return self.scales.log_snr / 2


@dataclass(frozen=True)
class UniPC:
    """Zhao et al. 2023, "UniPC", with B(h) = exp(h) - 1 and the estimate of x0 (their bh2, multistep).

    Args:
        order: of the predictor; the corrector, which costs no further call, adds one. The first steps and the step to
            the data have what order they can.
    """

    order: Literal[1, 2, 3] = 2

    def init(self, x: Tensor, t: Tensor) -> tuple[Point, ...]:
        return ()

    def step(
        self, process: Gaussian, denoise: BoundDenoise[Prediction], x: Tensor, t: Tensor, s: Tensor,
        state: tuple[Point, ...], generator: Randomness = None,
    ) -> tuple[Tensor, tuple[Point, ...]]:  # fmt: skip
        prediction = denoise(x, t)
        if state:
            x = _advance(state[: self.order], prediction.scales, prediction.x0)
        history = (Point(x, prediction.x0, prediction.scales), *state)[: self.order]
        scales_s = process.scales(x, s)
        return _advance(history if scales_s.sigma > 0 else history[:1], scales_s), history

    def calls(self, steps: int) -> int:
        return steps


def _advance(history: tuple[Point, ...], end: Scales, x0_end: Tensor | None = None) -> Tensor:
    """From history[0] to `end`: the predictor, or with the estimate `x0_end` there the corrector."""
    here = history[0]
    h = end.log_snr / 2 - here.lambda_
    x = end.sigma / here.scales.sigma * here.x - end.alpha * (-h).expm1() * here.x0
    ratios = [(point.lambda_ - here.lambda_) / h for point in history[1:]]
    slopes = [(point.x0 - here.x0) / ratio for point, ratio in zip(history[1:], ratios, strict=True)]
    if x0_end is not None:
        ratios, slopes = [*ratios, torch.ones_like(h)], [*slopes, x0_end - here.x0]
    for weight, slope in zip(_weights(ratios, h), slopes, strict=True):
        x = x - end.alpha * (-h).expm1() * weight * slope
    return x


def _weights(ratios: list[Tensor], h: Tensor) -> Tensor:
    """(n,) weights of the n slopes; one half where there is one slope, as the authors take for bh2."""
    if len(ratios) < 2:
        return torch.full((len(ratios),), 0.5, dtype=h.dtype)
    psi, factorial, right = (-h).expm1() / -h - 1, 1, []
    for k in range(1, len(ratios) + 1):
        right.append(psi * factorial / (-h).expm1())
        factorial *= k + 1
        psi = psi / -h - 1 / factorial
    powers = torch.arange(len(ratios), dtype=h.dtype)
    return torch.linalg.solve(torch.stack(ratios)[None] ** powers[:, None], torch.stack(right))  # (n, n), (n,) -> (n,)
