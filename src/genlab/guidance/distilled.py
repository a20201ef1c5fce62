"""Guidance that the network itself has learnt.

Paper: https://arxiv.org/abs/2310.04378
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from genlab.conditioning.condition import Condition
from genlab.denoisers.estimate import Denoise, Estimate
from genlab.ranges import NonNegativeFloat


@dataclass(frozen=True)
class Distilled:
    """The network is told the scale, and called once (Luo et al. 2023, "Latent consistency models", section 4.3).

    Args:
        scale: of the classifier-free guidance that it was distilled from: 1 is the conditional model.
    """

    scale: NonNegativeFloat = 8.5

    def __call__(self, denoise: Denoise) -> Denoise:
        def guided(x_t: Tensor, t: Tensor, condition: Condition | None = None) -> Estimate:
            if condition is None or condition.given is None:
                raise ValueError("guidance=distilled needs a conditional model; this one has no condition")
            scale = torch.full((len(x_t),), self.scale, device=x_t.device, dtype=x_t.dtype)
            return denoise(x_t, t, condition._replace(given=condition.given._replace(guidance_scale=scale)))

        return guided
