"""The regression that trains a denoiser.

Papers: https://arxiv.org/abs/2006.11239, https://arxiv.org/abs/2301.11093
"""

from __future__ import annotations

from typing import Any, Protocol

from torch import Tensor, nn
from torch.nn.functional import avg_pool2d

from genlab.conditioning.condition import Condition
from genlab.denoisers.denoiser import Denoiser
from genlab.objectives.times import TimeDistribution, reweighted
from genlab.objectives.weights import Weight
from genlab.randomness import Randomness, randn_like
from genlab.ranges import NonNegativeInt


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
        halvings: to the mean of the squared errors come those of the errors averaged over 2 x 2 pixels, over 4 x 4, and
            so on, each counting twice as much as the one before (Hoogeboom et al. 2023, "Simple diffusion", section
            3.2, times the side of the picture); 0 for none.
    """

    takes_weight = True
    asks_outputs = True

    def __init__(self, times: TimeDistribution, weight: Weight, halvings: NonNegativeInt = 0) -> None:
        super().__init__()
        self.times = times
        self.weight = weight
        self.halvings = halvings

    def forward(
        self, denoiser: Denoiser, x0: Tensor, condition: Condition | None = None, generator: Randomness = None,
        weight: Tensor | None = None,
    ) -> dict[str, Tensor]:  # fmt: skip
        t = self.times(len(x0), denoiser.process.schedule, generator, x0.device)
        eps = randn_like(x0, generator)
        losses = weighted_errors(denoiser, x0, eps, t, self.weight, condition, weight, self.halvings)
        return {"loss": reweighted(self.times, losses).mean()}


def weighted_errors(
    denoiser: Denoiser, x0: Tensor, eps: Tensor, t: Tensor, weight: Weight, condition: Condition | None,
    of_place: Tensor | None = None, halvings: int = 0,
) -> Tensor:  # fmt: skip
    """(batch,): w |F - F*|**2 per element at x_t = alpha x0 + sigma eps, `t` (batch,).

    `of_place` (batch, 1, height, width) multiplies the error at each place; the mean is not divided by its sum. For
    `halvings` see Denoising.
    """
    process = denoiser.process
    scales = process.scales(x0, t)
    c = denoiser.parameterization(scales)
    output, _ = denoiser.outputs(process.corrupt(x0, t, eps), t, c, condition)
    error, counts = output - c.target(x0, eps, scales), weight(scales, c)
    errors = _squared(error, counts, of_place)
    for halving in range(1, halvings + 1):
        error = avg_pool2d(error, 2)
        of_place = None if of_place is None else avg_pool2d(of_place, 2)
        errors = errors + 2**halving * _squared(error, counts, of_place)
    return errors


def _squared(error: Tensor, counts: Tensor, of_place: Tensor | None) -> Tensor:
    """(batch,)"""
    errors = counts * error**2
    return (errors if of_place is None else errors * of_place).flatten(1).mean(1)
