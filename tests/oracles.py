"""Exact denoisers of known distributions: what a perfectly trained network would answer."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from genlab.conditioning.condition import Condition
from genlab.denoisers.prediction import Prediction
from genlab.processes.gaussian import Gaussian


@dataclass
class NormalData:
    """x_0 ~ N(mean, std**2), each element by itself, so x_t ~ N(alpha mean, alpha**2 std**2 + sigma**2)."""

    process: Gaussian
    mean: float
    std: float

    def __call__(self, x_t: Tensor, t: Tensor, condition: Condition | None = None) -> Prediction:
        scales = self.process.scales(x_t, t)
        alpha, sigma = scales
        gain = alpha * self.std**2 / (alpha**2 * self.std**2 + sigma**2)
        return Prediction(x_t, self.mean + gain * (x_t - alpha * self.mean), scales)


@dataclass
class MixtureData:
    """x_0 ~ sum_k weights[k] N(means[k], std**2 I) in any dimension; means (components, features).

    The condition's `pooled` (batch, components) multiplies the weights: a one-hot row is one component, a row of ones
    the whole mixture.
    """

    process: Gaussian
    means: Tensor
    weights: Tensor
    std: float

    def __call__(self, x_t: Tensor, t: Tensor, condition: Condition | None = None) -> Prediction:
        scales = self.process.scales(x_t, t)
        alpha, sigma = scales
        variance = alpha**2 * self.std**2 + sigma**2
        centres = alpha.to(x_t.dtype)[..., None] * self.means  # (batch or none, components, features)
        distance = ((x_t[:, None] - centres) ** 2).sum(-1)  # (batch, components)
        logits = self.weights.log() - distance / (2 * variance)
        if condition is not None and condition.given is not None:
            logits = logits + condition.given.pooled.log()
        mean = logits.softmax(-1) @ self.means
        return Prediction(x_t, (alpha * self.std**2 * x_t + sigma**2 * mean) / variance, scales)
