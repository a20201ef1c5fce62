"""The exact likelihood of a diffusion model, by its probability-flow equation.

Paper: https://arxiv.org/abs/2011.13456
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from genlab.denoisers.estimate import BoundDenoise
from genlab.denoisers.prediction import Prediction
from genlab.processes.discrete import Discrete
from genlab.processes.gaussian import Gaussian
from genlab.randomness import Randomness, randn_like
from genlab.ranges import PositiveFloat, PositiveInt


@dataclass(frozen=True)
class FlowLikelihood:
    """log p(x_0) = log p(y at the noisy end) + integral of div(v) (Song et al. 2021, "Score-based ...", eq. 39).

    In the coordinates y = x / (alpha + sigma), tau = sigma / (alpha + sigma) every Gaussian process is the straight
    path dy / dtau = v = eps - x0. It is solved by Heun's method on levels sigma / alpha spaced as EDM's. Exact but for
    the steps, for a level `level_min` at which the data are taken to lie, and for their mean, which the prior takes
    for 0.

    Args:
        steps: of Heun's method, two calls of the denoiser and of its derivative each.
        probes: random directions that estimate the divergence (Hutchinson); None takes every dimension, exactly.
        level_min, level_max: ends of the levels; the process's own highest level if that is lower.
        rho: of the spacing.
    """

    steps: PositiveInt = 100
    probes: PositiveInt | None = None
    level_min: PositiveFloat = 1e-3
    level_max: PositiveFloat = 1000.0
    rho: PositiveFloat = 7.0

    def nll(
        self, process: Gaussian, denoise: BoundDenoise[Prediction], x: Tensor, generator: Randomness = None
    ) -> Tensor:
        """(batch,): -log p of `x` (batch, ...), a density in the units of `x`. Raises ValueError for discrete time."""
        schedule = process.schedule
        if isinstance(schedule, Discrete):
            raise ValueError("the exact likelihood needs a schedule of continuous time, such as scheduler=vp")
        levels = self._levels(process)
        taus = levels / (1 + levels)
        times = schedule.time_of(levels)
        scale = sum(process.schedule(times[0]))
        y, integral = x / scale, torch.zeros(len(x), dtype=x.dtype, device=x.device)
        directions = [randn_like(x, generator) for _ in range(self.probes or 0)]
        slope, divergence = self._slope(process, denoise, y, times[0], directions)
        for k in range(self.steps):
            width = taus[k + 1] - taus[k]
            end, end_divergence = self._slope(process, denoise, y + width * slope, times[k + 1], directions)
            y = y + width * (slope + end) / 2
            integral = integral + width * (divergence + end_divergence) / 2
            slope, divergence = self._slope(process, denoise, y, times[k + 1], directions)
        alpha, sigma = schedule(times[-1])
        std = (alpha**2 * process.data_std**2 + sigma**2).sqrt() / (alpha + sigma)
        n = x[0].numel()
        end_nats = (y / std).flatten(1).square().sum(1) / 2 + n * (std * math.sqrt(2 * math.pi)).log()
        return end_nats - integral + n * torch.as_tensor(scale).log()

    def _levels(self, process: Gaussian) -> Tensor:
        """(steps + 1,) rising, float64."""
        alpha, sigma = process.schedule(process.schedule.at(torch.ones((), dtype=torch.float64)))
        high = min(self.level_max, float(sigma / alpha)) ** (1 / self.rho)
        return torch.linspace(self.level_min ** (1 / self.rho), high, self.steps + 1, dtype=torch.float64) ** self.rho

    def _slope(
        self, process: Gaussian, denoise: BoundDenoise[Prediction], y: Tensor, t: Tensor, directions: list[Tensor]
    ) -> tuple[Tensor, Tensor]:
        """v and its divergence (batch,) at y."""
        scale = sum(process.schedule(t))
        with torch.enable_grad():
            y = y.detach().requires_grad_()
            v = denoise(y * scale, t).velocity
            if directions:
                rows = [torch.autograd.grad((v * d).sum(), y, retain_graph=True)[0] * d for d in directions]
                divergence = torch.stack(rows).mean(0).flatten(1).sum(1)
            else:
                flat = v.flatten(1)
                columns = range(flat.shape[1])
                rows = [torch.autograd.grad(flat[:, i].sum(), y, retain_graph=True)[0] for i in columns]
                divergence = torch.stack([row.flatten(1)[:, i] for i, row in enumerate(rows)]).sum(0)
        return v.detach(), divergence.detach()
