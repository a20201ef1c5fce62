"""Consistency: the same estimate from neighbouring points of a path, so that one step is enough.

Papers: https://arxiv.org/abs/2303.01469, https://arxiv.org/abs/2310.14189
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from genlab.conditioning.condition import Condition
from genlab.denoisers.denoiser import Denoiser
from genlab.objectives.teacher import Teacher
from genlab.processes.schedule import Schedule
from genlab.randomness import Randomness, rand, randn_like
from genlab.ranges import PositiveFloat, PositiveInt


class Consistency(nn.Module):
    """d(f(x_t, t), f(x_s, s)) / (t - s) for neighbouring levels s < t; no gradient through the second.

    Without a teacher x_s has the noise of x_t (consistency training, Song et al. 2023, algorithm 3, as improved by Song
    & Dhariwal 2024: pseudo-Huber distance, weight 1 / (t - s), no averaged target). With one x_s is its Heun step from
    x_t (consistency distillation, algorithm 2). For scheduler=edm, parameterization=consistency, sampler=recorrupt.

    Args:
        levels: how many levels there are, even in `schedule.at`.
        huber: c of sqrt(|difference|**2 + c**2) - c, per square root of the dimensions; they take 0.00054.
        teacher: a trained model of the same process; None trains alone.
    """

    def __init__(
        self, levels: PositiveInt = 40, huber: PositiveFloat = 0.00054, teacher: Teacher | None = None
    ) -> None:
        super().__init__()
        self.levels, self.huber, self.teacher = levels, huber, teacher

    def forward(
        self, denoiser: Denoiser, x0: Tensor, condition: Condition | None = None, generator: Randomness = None
    ) -> dict[str, Tensor]:
        process = denoiser.process
        if self.teacher is not None:
            self.teacher.check(process)
        number = (rand((len(x0),), generator, x0.device) * (self.levels - 1)).floor()
        s, t = (self._level(process.schedule, number + more) for more in (0, 1))
        noise = randn_like(x0, generator)
        x_t = process.corrupt(x0, t, noise)
        with torch.no_grad():
            x_s = process.corrupt(x0, s, noise) if self.teacher is None else self._solved(x_t, t, s, condition)
            target = denoiser(x_s, s, condition).x0
        difference = (denoiser(x_t, t, condition).x0 - target).flatten(1)
        c = self.huber * difference.shape[1] ** 0.5
        distance = (difference.square().sum(1) + c**2).sqrt() - c
        return {"loss": (distance / (t - s)).mean()}

    def _level(self, schedule: Schedule, number: Tensor) -> Tensor:
        """Level 0 is the lowest that is trained."""
        return schedule.at((number / (self.levels - 1)).clamp(min=0.0))

    def _solved(self, x_t: Tensor, t: Tensor, s: Tensor, condition: Condition | None) -> Tensor:
        """One Heun step of the teacher from t (batch,) to s."""
        assert self.teacher is not None
        denoise, process = self.teacher.denoise, self.teacher.denoiser.process
        start = denoise(x_t, t, condition)
        (alpha_t, sigma_t), (alpha_s, sigma_s) = start.scales, process.scales(x_t, s)
        euler = alpha_s * start.x0 + sigma_s * start.eps
        eps = (start.eps + denoise(euler, s, condition).eps) / 2
        return alpha_s * (x_t / alpha_t + (sigma_s / alpha_s - sigma_t / alpha_t) * eps)
