"""A trained model whose answers another one learns: guidance in one call of the network.

Paper: https://arxiv.org/abs/2210.03142
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from genlab.conditioning.condition import Condition, in_words_of
from genlab.denoisers.denoiser import Denoiser
from genlab.denoisers.estimate import Denoise
from genlab.denoisers.prediction import Prediction
from genlab.first_stage import trained
from genlab.objectives.times import TimeDistribution, reweighted
from genlab.objectives.weights import Weight
from genlab.processes.gaussian import Gaussian
from genlab.randomness import Randomness


class Teacher(nn.Module):
    """A trained model, frozen, called as it samples: with its guidance.

    Args:
        first: a model with `denoiser`, `guidance` and `conditioner`, as of family diffusion.
        checkpoint: file with its weights; None takes `first` as it is.
    """

    def __init__(self, first: nn.Module, checkpoint: str | None = None) -> None:
        super().__init__()
        model = trained(first, checkpoint, "objective.teacher.checkpoint", "the teacher")
        self.denoiser = model.denoiser
        self.guidance = model.guidance
        self.conditioner = model.conditioner
        self._agreed: Gaussian | None = None

    def train(self, mode: bool = True) -> Teacher:
        """Stay in evaluation mode."""
        return super().train(False)

    def denoise(self, x_t: Tensor, t: Tensor, condition: Condition | None = None) -> Prediction:
        """Its guided estimate: a `Denoise`. The condition may lack the empty one, which the student need not know, and
        may be in the words of a student's own conditioner."""
        guided: Denoise[Prediction] = self.guidance(self.denoiser)
        return guided(x_t, t, in_words_of(self.conditioner, condition, len(x_t), x_t.device))

    def check(self, process: Gaussian) -> None:
        """Raise ValueError unless a student's `process` is the teacher's: a time means the same noise to both.

        Asked at every step, and answered once for each process.
        """
        if process is self._agreed:
            return
        own, other = self.denoiser.process.schedule, process.schedule
        u = torch.tensor([0.1, 0.5, 1.0], dtype=torch.float64)
        t = own.at(u)
        if not torch.equal(t, other.at(u)) or not torch.equal(torch.stack(own(t)), torch.stack(other(t))):
            raise ValueError(
                f"the teacher was trained with other noise ({type(own).__name__}) than the student's "
                f"({type(other).__name__}): take the teacher's scheduler, with its settings"
            )
        self._agreed = process


class MatchTeacher(nn.Module):
    """The student's error from the teacher's estimate in place of the data: guidance distillation.

    Meng et al. 2023, "On distillation of guided diffusion models", eq. 4, at one guidance scale: the student needs no
    second call and no guidance.

    Args:
        teacher: what is learnt.
        times, weight: as in denoising.Denoising.
    """

    def __init__(self, teacher: Teacher, times: TimeDistribution, weight: Weight) -> None:
        super().__init__()
        self.teacher = teacher
        self.times, self.weight = times, weight

    def forward(
        self, denoiser: Denoiser, x0: Tensor, condition: Condition | None = None, generator: Randomness = None
    ) -> dict[str, Tensor]:
        process = denoiser.process
        self.teacher.check(process)
        t = self.times(len(x0), process.schedule, generator, x0.device)
        x_t = process.corrupt(x0, t, generator=generator)
        with torch.no_grad():
            target = self.teacher.denoise(x_t, t, condition).x0
        scales = process.scales(x0, t)
        c = denoiser.parameterization(scales)
        error = (denoiser(x_t, t, condition).x0 - target) / c.c_out
        losses = (self.weight(scales, c) * error**2).flatten(1).mean(1)
        return {"loss": reweighted(self.times, losses).mean()}
