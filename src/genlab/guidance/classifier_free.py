"""Classifier-free guidance.

Papers: https://arxiv.org/abs/2207.12598, https://arxiv.org/abs/2305.08891
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from genlab.conditioning.condition import Condition
from genlab.conditions import concatenate
from genlab.denoisers.estimate import Denoise, Estimate
from genlab.ranges import NonNegativeFloat, Probability


@dataclass(frozen=True)
class ClassifierFree:
    """x0 = x0(null) + scale (x0(given) - x0(null)) (Ho & Salimans 2022, "Classifier-free diffusion guidance", eq. 6).

    The estimate of the noise is combined in the same way, since both are linear in each other; of integers the logits
    are (Chang et al. 2023, "Muse: text-to-image generation ..."). Both are made in one batched call.

    Args:
        scale: 1 + w in the paper's notation: 1 is the conditional model, 0 the unconditional one.
        rescale: share of the result that gets the standard deviation of x0(given) back, against over-exposure
            (Lin et al. 2024, "Common diffusion noise schedules ...", eq. 15 and 16, on x0; they take 0.7).
    """

    compares_with_null = True
    """The model must have been trained without a condition, too, unless the scale is 1."""

    scale: NonNegativeFloat = 3.0
    rescale: Probability = 0.0

    @property
    def needs_null(self) -> bool:
        return self.scale != 1

    def __call__(self, denoise: Denoise) -> Denoise:
        if self.scale == 1:
            return denoise

        def guided(x_t: Tensor, t: Tensor, condition: Condition | None = None) -> Estimate:
            if condition is None or condition.given is None:
                raise ValueError("guidance=classifier_free needs a conditional model; this one has no condition")
            if condition.null is None:
                raise ValueError(
                    "guidance=classifier_free needs a model trained with conditioner.dropout greater than 0, "
                    "such as 0.1; this one never saw the empty condition"
                )
            both = Condition(concatenate([condition.given, condition.null]))
            twice = denoise(torch.cat([x_t, x_t]), t if t.ndim == 0 else torch.cat([t, t]), both)
            given, null = twice.x0.chunk(2)
            x0 = torch.lerp(null, given, self.scale)
            x0 = x0 if self.rescale == 0 else self._rescaled(x0, given)
            return replace(twice.first(len(x_t)), x_t=x_t, x0=x0)

        return guided

    def _rescaled(self, x0: Tensor, given: Tensor) -> Tensor:
        over = tuple(range(1, x0.ndim))
        ratio = given.std(over, keepdim=True) / x0.std(over, keepdim=True).clamp(min=1e-8)
        return torch.lerp(x0, x0 * ratio, self.rescale)
