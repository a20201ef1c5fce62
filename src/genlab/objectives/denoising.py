"""The regression that trains a denoiser.

Paper: https://arxiv.org/abs/2006.11239
"""

from __future__ import annotations

from typing import Any, Protocol

from torch import Tensor, nn

from genlab.conditioning.condition import Condition
from genlab.denoisers.denoiser import Denoiser
from genlab.objectives.times import TimeDistribution, reweighted
from genlab.objectives.weights import Weight
from genlab.randomness import Randomness, randn_like


class Objective(Protocol):
    """What a diffusion model minimises; each objective trains a kind of denoiser.

    One whose class declares `takes_weight = True` takes `weight` too: (batch, 1, height, width), what the error at each
    place of `x0` counts. One whose class declares `asks_outputs = True` asks a denoiser for `outputs`, the network's
    own, which one that remembers is trained by.
    """

    def __call__(
        self, denoiser: Any, x0: Tensor, condition: Condition | None = None, generator: Randomness = None
    ) -> dict[str, Tensor]:
        """Scalars; "loss" is minimised."""
        ...


class Denoising(nn.Module):
    """Mean over data and times of w |F - F*|**2, per element, F* being the network's target.

    With `weights.Unit` and the parameterization `Eps` this is DDPM's L_simple (Ho et al. 2020, eq. 14).

    Args:
        times: which times are drawn.
        weight: what the squared error at a time counts.
    """

    takes_weight = True
    asks_outputs = True

    def __init__(self, times: TimeDistribution, weight: Weight) -> None:
        super().__init__()
        self.times = times
        self.weight = weight

    def forward(
        self, denoiser: Denoiser, x0: Tensor, condition: Condition | None = None, generator: Randomness = None,
        weight: Tensor | None = None,
    ) -> dict[str, Tensor]:  # fmt: skip
        t = self.times(len(x0), denoiser.process.schedule, generator, x0.device)
        losses = weighted_errors(denoiser, x0, randn_like(x0, generator), t, self.weight, condition, weight)
        return {"loss": reweighted(self.times, losses).mean()}


def weighted_errors(
    denoiser: Denoiser, x0: Tensor, eps: Tensor, t: Tensor, weight: Weight, condition: Condition | None,
    of_place: Tensor | None = None,
) -> Tensor:  # fmt: skip
    """(batch,): w |F - F*|**2 per element at x_t = alpha x0 + sigma eps, `t` (batch,).

    `of_place` (batch, 1, height, width) multiplies the error at each place; the mean is not divided by its sum.
    """
    process = denoiser.process
    scales = process.scales(x0, t)
    c = denoiser.parameterization(scales)
    output, _ = denoiser.outputs(process.corrupt(x0, t, eps), t, c, condition)
    errors = weight(scales, c) * (output - c.target(x0, eps, scales)) ** 2
    return (errors if of_place is None else errors * of_place).flatten(1).mean(1)
