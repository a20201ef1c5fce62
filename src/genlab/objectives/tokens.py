"""What trains a denoiser of tokens, whose estimate of the clean ones is their logits.

Papers: https://arxiv.org/abs/2202.04200, https://arxiv.org/abs/2107.03006, https://arxiv.org/abs/2406.07524,
https://arxiv.org/abs/2211.07292
"""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from genlab.conditioning.condition import Condition
from genlab.denoisers.estimate import Denoise, Estimate
from genlab.objectives.times import TimeDistribution, reweighted
from genlab.processes.masking import Masking
from genlab.processes.uniform_tokens import UniformTokens
from genlab.randomness import Randomness, rand
from genlab.ranges import Rate


class MaskedTokens(nn.Module):
    """Mean nats of a hidden token (Chang et al. 2022, eq. 1).

    Args:
        times: which times are drawn, and so how many tokens are hidden.
        smoothing: of the labels: the share of their probability that goes to all values alike.
    """

    trains_on = ("masked tokens",)

    def __init__(self, times: TimeDistribution, smoothing: Rate = 0.0) -> None:
        super().__init__()
        self.times, self.smoothing = times, smoothing

    def forward(
        self, denoiser: Any, x0: Tensor, condition: Condition | None = None, generator: Randomness = None
    ) -> dict[str, Tensor]:
        """ "loss" in nats, smoothed; "accuracy" of the likeliest value of a hidden token."""
        process = denoiser.process
        t = self.times(len(x0), process.schedule, generator, x0.device)
        x_t = process.corrupt(x0, t, generator=generator)
        logits, hidden = denoiser(x_t, t, condition).x0, x_t == process.mask
        nats = F.cross_entropy(logits, x0, reduction="none", label_smoothing=self.smoothing)
        per_datum = hidden.flatten(1).sum(1).float().mean().clamp(min=1)
        losses = (nats * hidden).flatten(1).sum(1) / per_datum
        return {"loss": reweighted(self.times, losses).mean(), "accuracy": _accuracy(logits, x0, hidden)}


class AbsorbingBound(nn.Module):
    """An upper bound on -log p in nats: the integral over t of share'(t) / share(t) times the nats of hidden tokens.

    The bound of the absorbing process with steps without number (Sahoo et al. 2024, "Simple and effective masked
    diffusion language models", eq. 10). Up to the weights of the times it is `MaskedTokens`, and it is the same for
    all schedules.

    Args:
        times: which times are drawn; they are even, or make up for it.
    """

    trains_on = ("masked tokens",)

    def __init__(self, times: TimeDistribution) -> None:
        super().__init__()
        self.times = times

    def forward(
        self, denoiser: Any, x0: Tensor, condition: Condition | None = None, generator: Randomness = None
    ) -> dict[str, Tensor]:
        """ "loss" in nats per datum, "bits_per_token"."""
        t = self.times(len(x0), denoiser.process.schedule, generator, x0.device)
        loss = reweighted(self.times, absorbing_nats(denoiser, denoiser.process, x0, t, condition, generator)).mean()
        return {"loss": loss, "bits_per_token": loss.detach() / (x0[0].numel() * math.log(2))}


class AllTokens(nn.Module):
    """Mean nats of a token, whether it was replaced or not (Rampas et al. 2022, section 3).

    Args:
        times: which times are drawn, and so how many tokens are random ones.
        smoothing: of the labels: the share of their probability that goes to all values alike.
    """

    trains_on = ("masked tokens", "random tokens")

    def __init__(self, times: TimeDistribution, smoothing: Rate = 0.0) -> None:
        super().__init__()
        self.times, self.smoothing = times, smoothing

    def forward(
        self, denoiser: Any, x0: Tensor, condition: Condition | None = None, generator: Randomness = None
    ) -> dict[str, Tensor]:
        """ "loss" in nats, smoothed; "accuracy" of the likeliest value."""
        t = self.times(len(x0), denoiser.process.schedule, generator, x0.device)
        logits = denoiser(denoiser.process.corrupt(x0, t, generator=generator), t, condition).x0
        nats = F.cross_entropy(logits, x0, reduction="none", label_smoothing=self.smoothing)
        loss = reweighted(self.times, nats.flatten(1).mean(1)).mean()
        return {"loss": loss, "accuracy": _accuracy(logits, x0, torch.ones_like(x0, dtype=torch.bool))}


def _accuracy(logits: Tensor, x0: Tensor, counted: Tensor) -> Tensor:
    with torch.no_grad():
        return ((logits.argmax(1) == x0) & counted).sum() / counted.sum().clamp(min=1)


# ---- bounds ---------------------------------------------------------------------------------------------


def bound(
    denoise: Denoise[Estimate], process: Masking | UniformTokens, x0: Tensor, condition: Condition | None = None,
    steps: int = 16, generator: Randomness = None,
) -> Tensor:  # fmt: skip
    """(batch,): an upper bound on -log p(x0) in nats, right in the mean over the draws of the noise.

    Of hidden tokens that of steps without number, with a time in each of `steps` intervals; of random tokens that of
    the chain of so many steps.
    """
    nats = torch.zeros(len(x0), device=x0.device)
    for i in range(steps):
        if isinstance(process, Masking):
            t = 1 - (i + rand((len(x0),), generator, x0.device)) / steps
            nats += absorbing_nats(denoise, process, x0, t.clamp(min=1e-6), condition, generator) / steps
        else:
            t, s = (torch.tensor((steps - i - j) / steps, dtype=torch.float64) for j in (0, 1))
            nats += uniform_nats(denoise, process, x0, t, s, condition, generator)
    return nats


def absorbing_nats(
    denoise: Denoise[Estimate], process: Masking, x0: Tensor, t: Tensor, condition: Condition | None,
    generator: Randomness,
) -> Tensor:  # fmt: skip
    """(batch,): share'(t) / share(t) times the nats of the tokens that are hidden at `t` (batch,)."""
    x_t = process.corrupt(x0, t, generator=generator)
    nats = F.cross_entropy(denoise(x_t, t, condition).x0, x0, reduction="none") * (x_t == process.mask)
    return nats.flatten(1).sum(1) * process.schedule.slope(t) / process.schedule.share(t)


def uniform_nats(
    denoise: Denoise[Estimate], process: UniformTokens, x0: Tensor, t: Tensor, s: Tensor, condition: Condition | None,
    generator: Randomness,
) -> Tensor:  # fmt: skip
    """(batch,): KL(q(x_s | x_t, x_0) || p(x_s | x_t)) for scalars s < t; at s = 0 it is -log p(x_0 | x_t)."""
    x_t = process.corrupt(x0, t, generator=generator)
    logits = denoise(x_t, t, condition).x0
    known = F.one_hot(x0, process.num_values).movedim(-1, 1).to(logits.dtype)
    truth = process.posterior(x_t, known, t, s)
    model = process.posterior(x_t, logits.softmax(1), t, s)
    least = torch.finfo(truth.dtype).tiny
    return (truth * (truth.clamp(min=least).log() - model.clamp(min=least).log())).flatten(1).sum(1)
