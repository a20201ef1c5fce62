"""The regression that trains a restorer.

Paper: https://arxiv.org/abs/2208.09392
"""

from __future__ import annotations

from torch import Tensor, nn

from genlab.conditioning.condition import Condition
from genlab.denoisers.restorer import Restorer
from genlab.objectives.times import TimeDistribution, reweighted
from genlab.randomness import Randomness


class Restoration(nn.Module):
    """Mean over data, elements and times of |R(x_t, t) - x0| (Bansal et al. 2022, eq. 1).

    Args:
        times: which severities are drawn.
        squared: the error squared, so that R is a mean and not a median: what a process with a remainder asks for.
    """

    def __init__(self, times: TimeDistribution, squared: bool = False) -> None:
        super().__init__()
        self.times = times
        self.squared = squared

    def forward(
        self, denoiser: Restorer, x0: Tensor, condition: Condition | None = None, generator: Randomness = None
    ) -> dict[str, Tensor]:
        t = self.times(len(x0), denoiser.process.schedule, generator, x0.device)
        restored = denoiser(denoiser.process.corrupt(x0, t, generator=generator), t, condition).x0
        error = restored - x0
        errors = error**2 if self.squared else error.abs()
        return {"loss": reweighted(self.times, errors.flatten(1).mean(1)).mean()}
