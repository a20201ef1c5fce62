"""The probability-flow equation solved with steps of its own choice.

Paper: https://arxiv.org/abs/2011.13456
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from genlab.denoisers.estimate import BoundDenoise
from genlab.denoisers.prediction import Prediction
from genlab.processes.gaussian import Gaussian
from genlab.randomness import Randomness
from genlab.ranges import Fraction, PositiveFloat

_NODES = (0, 1 / 5, 3 / 10, 4 / 5, 8 / 9, 1, 1)
_STAGES: tuple[tuple[float, ...], ...] = (
    (1 / 5,),
    (3 / 40, 9 / 40),
    (44 / 45, -56 / 15, 32 / 9),
    (19372 / 6561, -25360 / 2187, 64448 / 6561, -212 / 729),
    (9017 / 3168, -355 / 33, 46732 / 5247, 49 / 176, -5103 / 18656),
    (35 / 384, 0, 500 / 1113, 125 / 192, -2187 / 6784, 11 / 84),
)
_ERROR = (71 / 57600, 0, -71 / 16695, 71 / 1920, -17253 / 339200, 22 / 525, -1 / 40)
"""Dormand and Prince's tableau; the error is the fifth-order result minus the fourth-order one."""


@dataclass(frozen=True)
class RK45:
    """Dormand and Prince's pair on dy / dtau = eps - x0, y = x / (alpha + sigma), tau = sigma / (alpha + sigma).

    In these coordinates every Gaussian process is the straight path and nothing is singular at the noisy end. The last
    stretch below `tau_min` is one step of Euler's. For schedules of continuous time. Accuracy is set by the tolerance
    over the whole batch, not by the sampler's steps, and choosing a step waits for the device.

    Args:
        tolerance: error allowed in a step, absolute and relative (Song et al. 2021 take 1e-5).
        tau_min: where the noise is taken as gone.
    """

    tolerance: PositiveFloat = 1e-5
    tau_min: Fraction = 1e-3
    needs_continuous_time = True

    def init(self, x: Tensor, t: Tensor) -> None:
        return None

    def step(
        self, process: Gaussian, denoise: BoundDenoise[Prediction], x: Tensor, t: Tensor, s: Tensor, state: None,
        generator: Randomness = None,
    ) -> tuple[Tensor, None]:  # fmt: skip
        schedule = process.schedule
        (alpha_t, sigma_t), (alpha_s, sigma_s) = process.scales(x, t), process.scales(x, s)
        start, stop = sigma_t / (alpha_t + sigma_t), sigma_s / (alpha_s + sigma_s)  # scalars

        def slope(y: Tensor, tau: Tensor) -> Tensor:
            time = t if tau == start else schedule.time_of(tau / (1 - tau))
            alpha, sigma = process.scales(y, time)
            return denoise(y * (alpha + sigma), time).velocity

        y = x / (alpha_t + sigma_t)
        lowest = stop.clamp(min=min(self.tau_min, float(start)))
        if lowest < start:
            y = _integrate(slope, y, start, lowest, self.tolerance)
        if stop < lowest:
            y = y + (stop - lowest) * slope(y, lowest)
        return y * (alpha_s + sigma_s), None

    def calls(self, steps: int) -> int:
        """At least: six for each accepted step, of which there is one or more for each of the sampler's."""
        return 6 * steps + 2


def _integrate(slope, y: Tensor, tau: Tensor, stop: Tensor, tolerance: float) -> Tensor:  # type: ignore[no-untyped-def]
    """y at `stop` from y at `tau`, with dy / dtau = slope(y, tau)."""
    width, first = (stop - tau) / 10, slope(y, tau)
    while tau > stop:
        width = torch.maximum(width, stop - tau)
        slopes = [first]
        for node, row in zip(_NODES[1:], _STAGES, strict=True):
            trial = y + width * sum(a * k for a, k in zip(row, slopes, strict=True))
            slopes.append(slope(trial, tau + node * width))
        error = width * sum(e * k for e, k in zip(_ERROR, slopes, strict=True))
        allowed = tolerance * (1 + torch.maximum(y.abs(), trial.abs()))  # of the shape of y
        ratio = float((error / allowed).square().mean().sqrt())
        if ratio <= 1:
            tau, y, first = tau + width, trial, slopes[-1]
        width = width * min(5.0, max(0.2, 0.9 * max(ratio, 1e-10) ** -0.2))
    return y
