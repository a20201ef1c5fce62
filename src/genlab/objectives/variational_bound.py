"""The variational bound of discrete diffusion: the divergence of every reverse step.

Papers: https://arxiv.org/abs/2006.11239, https://arxiv.org/abs/2107.00630, https://arxiv.org/abs/2102.09672
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from genlab.conditioning.condition import Condition
from genlab.denoisers.denoiser import Denoiser
from genlab.denoisers.estimate import Denoise
from genlab.denoisers.prediction import Prediction
from genlab.processes.discrete import Discrete
from genlab.processes.gaussian import Gaussian, step_variances
from genlab.processes.schedule import Scales, Schedule
from genlab.randomness import Randomness, rand, randn_like
from genlab.ranges import PositiveFloat


class Decoder(Protocol):
    """(x0, estimate, std), the first two (batch, ...) -> (batch,): nats of x0 where the last step ends in a normal."""

    def __call__(self, x0: Tensor, mean: Tensor, std: Tensor) -> Tensor: ...


@dataclass(frozen=True)
class NormalDecoder:
    """-log N(x0; mean, std**2): a density, for points."""

    def __call__(self, x0: Tensor, mean: Tensor, std: Tensor) -> Tensor:
        z = (x0 - mean) / std
        return (z**2 / 2 + (std * math.sqrt(2 * math.pi)).log()).flatten(1).sum(1)


@dataclass(frozen=True)
class PixelDecoder:
    """-log of the probability of the pixel's bin of width 2 / 255, those at the ends open (Ho et al. 2020, eq. 13)."""

    width: PositiveFloat = 2 / 255

    def __call__(self, x0: Tensor, mean: Tensor, std: Tensor) -> Tensor:
        def below(edge: Tensor) -> Tensor:
            return torch.special.ndtr((edge - mean) / std)

        high = torch.where(x0 > 1 - self.width / 2, 1.0, below(x0 + self.width / 2))
        low = torch.where(x0 < -1 + self.width / 2, 0.0, below(x0 - self.width / 2))
        return -(high - low).clamp(min=1e-12).log().flatten(1).sum(1)


class VariationalBound:
    """-log p(x_0) <= L_T + sum_t L_{t-1} + L_0 (Ho et al. 2020, eq. 5).

    Reverse variances are those of q(x_s | x_t, x_0), so that L_{t-1} = (snr(s) - snr(t)) |x_0 - estimate|**2 / 2
    (Kingma et al. 2021, eq. 14), or what the network has learnt. As an objective one step is drawn for each item, so
    that the mean is the whole bound's.

    Args:
        decoder: what the last step says of the data.
    """

    def __init__(self, decoder: Decoder) -> None:
        self.decoder = decoder

    def __call__(
        self, denoiser: Denoiser, x0: Tensor, condition: Condition | None = None, generator: Randomness = None
    ) -> dict[str, Tensor]:
        """ "loss": the bound in bits per dimension."""
        process, steps = denoiser.process, n_steps(denoiser.process)
        offset, order = (rand((len(x0),), generator, x0.device) for _ in range(2))
        number = ((order.argsort() + offset) * (steps / len(x0))).floor().clamp(max=steps - 1)  # one in each n-th part
        nats = steps * self.step(process, denoiser, x0, (number + 1) / steps, condition, generator)
        nats = nats + self.prior(process, x0)
        return {"loss": (nats / bits(x0)).mean()}

    @torch.no_grad()
    def terms(
        self, process: Gaussian, denoise: Denoise[Prediction], x0: Tensor, condition: Condition | None = None,
        generator: Randomness = None, draws: int | None = None,
    ) -> dict[str, Tensor]:  # fmt: skip
        """L_T, L_t (the sum over the steps between) and L_0, each (batch,) in bits per dimension.

        `draws` steps are taken for L_t, spread evenly over the log signal-to-noise ratio, for each item other ones and
        right in the mean; None takes all.
        """
        steps = n_steps(process)
        between = torch.zeros(len(x0), device=x0.device)
        drawn = None if draws is None or steps == 1 else _drawn(process, draws, x0, generator)
        for number, weight in drawn or _all(steps, x0.device):
            nats = self.step(process, denoise, x0, (number / steps).expand(len(x0)), condition, generator)
            between = between + weight * nats
        first = torch.full((len(x0),), 1 / steps, device=x0.device)
        last = self.step(process, denoise, x0, first, condition, generator)
        terms = {"L_T": self.prior(process, x0), "L_t": between, "L_0": last}
        return {name: value / bits(x0) for name, value in terms.items()}

    def prior(self, process: Gaussian, x0: Tensor) -> Tensor:
        """(batch,) nats: the divergence of q(x_T | x_0) from N(0, 1)."""
        alpha, sigma = process.schedule(torch.ones((), dtype=torch.float64))
        return ((alpha * x0) ** 2 + sigma**2 - 1 - 2 * sigma.log()).flatten(1).sum(1) / 2

    def step(
        self, process: Gaussian, denoise: Denoise[Prediction], x0: Tensor, t: Tensor, condition: Condition | None,
        generator: Randomness,
    ) -> Tensor:  # fmt: skip
        """(batch,) nats of one reverse step from `t` (batch,): a divergence, or the decoder's where it ends in data."""
        x_t = process.corrupt(x0, t, randn_like(x0, generator))
        return self.of(process, x0, denoise(x_t, t, condition), t)

    def of(self, process: Gaussian, x0: Tensor, prediction: Prediction, t: Tensor) -> Tensor:
        """(batch,) nats of the reverse step from `t` (batch,) that is taken with `prediction`."""
        schedule, steps = process.schedule, n_steps(process)
        t = t.double().reshape(-1, *[1] * (x0.ndim - 1))
        at_t, at_s = schedule(t), schedule((t - 1 / steps).clamp(min=0))
        is_last = at_s.sigma == 0
        at_s = Scales(*(torch.where(is_last, here, there) for here, there in zip(at_t, at_s, strict=True)))
        is_learnt = prediction.share is not None
        std = _last_std(schedule, steps, prediction) if is_learnt else (at_t.sigma / at_t.alpha).to(x0.dtype)
        last = self.decoder(x0, prediction.x0, std)
        return torch.where(is_last.flatten(), last, _divergence(x0, prediction, at_t, at_s))


def _all(steps: int, device: torch.device) -> Iterator[tuple[Tensor, Tensor]]:
    """The steps 2, ..., T, each with the weight 1."""
    numbers = torch.arange(2.0, steps + 1, device=device)
    return ((number, torch.ones_like(number)) for number in numbers)


def _drawn(process: Gaussian, draws: int, x0: Tensor, generator: Randomness) -> Iterator[tuple[Tensor, Tensor]]:
    """`draws` of the steps 2, ..., T for each item, and what they stand for: both (batch,)."""
    steps = n_steps(process)
    falling = process.schedule(torch.arange(1, steps + 1, dtype=torch.float64) / steps).log_snr.clamp(min=-30)
    chance = (-falling.diff()).clamp(min=1e-6).to(x0)
    chance = chance / chance.sum()
    for k in range(draws):
        u = (k + rand((len(x0),), generator, x0.device)) / draws
        chosen = torch.searchsorted(chance.cumsum(0), u).clamp(max=steps - 2)
        yield chosen + 2.0, 1 / (draws * chance[chosen])


def _divergence(x0: Tensor, prediction: Prediction, at_t: Scales, at_s: Scales) -> Tensor:
    """(batch,): of N(its mean, its variance) from q(x_s | x_t, x_0), r the logarithm of the variances' ratio."""
    snr_t, snr_s = ((scales.alpha / scales.sigma) ** 2 for scales in (at_t, at_s))
    squared = (snr_s - snr_t).to(x0.dtype) * (x0 - prediction.x0) ** 2  # of the means, over q's variance
    if prediction.share is None:
        return squared.flatten(1).sum(1) / 2
    r = 2 * (at_t.sigma / at_s.sigma).log().to(x0.dtype) * prediction.share
    return (r + torch.expm1(-r) + squared * (-r).exp()).flatten(1).sum(1) / 2


def _last_std(schedule: Schedule, steps: int, prediction: Prediction) -> Tensor:
    """Of the step to the data, whose lower end is 0: it takes step 2's (Nichol & Dhariwal 2021, in their code)."""
    first, second = (schedule(torch.tensor(k / steps, dtype=torch.float64)) for k in (1, min(2, steps)))
    lower = step_variances(second, first)[0] if steps > 1 else first.sigma**2
    return prediction.variance_between(lower, first.sigma**2).sqrt()


def n_steps(process: Gaussian) -> int:
    """T of the process. Raises ValueError where its time is continuous."""
    schedule = process.schedule
    if not isinstance(schedule, Discrete):
        raise ValueError(f"the variational bound needs a schedule of discrete steps, not {type(schedule).__name__}")
    return schedule.n_steps


def bits(x0: Tensor) -> float:
    """Nats over a datum for each bit per dimension."""
    return math.log(2) * x0[0].numel()
