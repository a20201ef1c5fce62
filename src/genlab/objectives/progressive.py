"""Progressive distillation: one step of the student for two of the teacher.

Paper: https://arxiv.org/abs/2202.00512
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from genlab.conditioning.condition import Condition
from genlab.denoisers.denoiser import Denoiser
from genlab.denoisers.estimate import BoundDenoise
from genlab.denoisers.prediction import Prediction
from genlab.objectives.teacher import Teacher
from genlab.processes.gaussian import Gaussian
from genlab.randomness import Randomness, rand
from genlab.ranges import PositiveInt
from genlab.samplers.ancestral import Ancestral


class Progressive(nn.Module):
    """max(snr, 1) |x0 - x0*|**2, x0* that from which one DDIM step lands where two of the teacher's do.

    Salimans & Ho 2022, "Progressive distillation ...", algorithm 2 and eq. 9. The student takes `steps` steps; a round
    halves the teacher's, and its student is the teacher of the next round.

    Args:
        teacher: a model that samples well in 2 `steps` even steps.
        steps: of the student, even fractions of the way.
    """

    def __init__(self, teacher: Teacher, steps: PositiveInt) -> None:
        super().__init__()
        self.teacher = teacher
        self.steps = steps

    def forward(
        self, denoiser: Denoiser, x0: Tensor, condition: Condition | None = None, generator: Randomness = None
    ) -> dict[str, Tensor]:
        process = denoiser.process
        self.teacher.check(process)
        number = 1 + (rand((len(x0),), generator, x0.device) * self.steps).floor()
        t, middle, s = (self._time(process, number - part) for part in (0.0, 0.5, 1.0))
        x_t = process.corrupt(x0, t, generator=generator)
        with torch.no_grad():
            target = two_steps(process, lambda x, u: self.teacher.denoise(x, u, condition), x_t, t, middle, s)
        scales = process.scales(x0, t)
        weight = ((scales.alpha / scales.sigma) ** 2).clamp(min=1)
        return {"loss": (weight * (denoiser(x_t, t, condition).x0 - target) ** 2).mean()}

    def _time(self, process: Gaussian, number: Tensor) -> Tensor:
        """The time of step `number` of `steps`; 0 at step 0."""
        return torch.where(number > 0, process.schedule.at((number / self.steps).clamp(min=1e-6)), 0.0)


def two_steps(
    process: Gaussian, denoise: BoundDenoise[Prediction], x_t: Tensor, t: Tensor, middle: Tensor, s: Tensor
) -> Tensor:  # fmt: skip
    """The estimate at x_t whose one DDIM step from t to s ends where the steps by `middle` do (their appendix G)."""
    ddim = Ancestral(0.0)
    x_middle, _ = ddim.step(process, denoise, x_t, t, middle, None)
    x_s, _ = ddim.step(process, denoise, x_middle, middle, s, None)
    (alpha_t, sigma_t), (alpha_s, sigma_s) = process.scales(x_t, t), process.scales(x_t, s)
    ratio = sigma_s / sigma_t
    return (x_s - ratio * x_t) / (alpha_s - ratio * alpha_t)
