"""Regression of the noise, and the variational bound for the variance that the network says.

Paper: https://arxiv.org/abs/2102.09672
"""

from __future__ import annotations

from torch import Tensor, nn

from genlab.conditioning.condition import Condition
from genlab.denoisers.denoiser import Denoiser
from genlab.objectives.times import TimeDistribution, reweighted
from genlab.objectives.variational_bound import Decoder, VariationalBound, bits, n_steps
from genlab.objectives.weights import Weight
from genlab.randomness import Randomness
from genlab.ranges import PositiveFloat


class Hybrid(nn.Module):
    """L_simple + bound_weight L_vlb (Nichol & Dhariwal 2021, "Improved denoising diffusion ...", eq. 16).

    L_vlb is the bound in bits per dimension without its constant L_T. Its gradient stops at the estimate of the data:
    the bound teaches the variance, and nothing else.

    Args:
        times, weight: as in denoising.Denoising, for L_simple.
        decoder: as in variational_bound.VariationalBound.
        bound_weight: their lambda.
    """

    def __init__(
        self, times: TimeDistribution, weight: Weight, decoder: Decoder, bound_weight: PositiveFloat = 0.001
    ) -> None:
        super().__init__()
        self.times, self.weight = times, weight
        self.bound = VariationalBound(decoder)
        self.bound_weight = bound_weight

    def forward(
        self, denoiser: Denoiser, x0: Tensor, condition: Condition | None = None, generator: Randomness = None
    ) -> dict[str, Tensor]:
        """ "loss", and its parts over the times that were drawn: "simple", per element, "bound", in bits per dimension.

        Raises ValueError if the network says no variance, or time is continuous.
        """
        process, steps = denoiser.process, n_steps(denoiser.process)
        t = self.times(len(x0), process.schedule, generator, x0.device)
        prediction = denoiser(process.corrupt(x0, t, generator=generator), t, condition)
        if prediction.share is None:
            raise ValueError("objective=hybrid trains the variance of a step: take parameterization=learned_variance")
        c = denoiser.parameterization(prediction.scales)
        error = (prediction.x0 - x0) / c.c_out
        simple = (self.weight(prediction.scales, c) * error**2).flatten(1).mean(1)
        apart = prediction.with_x0(prediction.x0.detach())
        bound = steps / bits(x0) * self.bound.of(process, x0, apart, t)
        loss = reweighted(self.times, simple + self.bound_weight * bound)
        return {"loss": loss.mean(), "simple": simple.mean(), "bound": bound.mean()}
