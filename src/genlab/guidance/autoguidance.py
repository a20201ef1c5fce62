"""A model guided by a worse version of itself.

Paper: https://arxiv.org/abs/2406.02507
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from genlab.conditioning.condition import Condition, has_weights, in_words_of
from genlab.denoisers.estimate import Denoise, Estimate
from genlab.first_stage import trained
from genlab.ranges import NonNegativeFloat


class Autoguidance(nn.Module):
    """x0 = x0(weak) + scale (x0 - x0(weak)) (Karras et al. 2024, "Guiding a diffusion model ...", eq. 3).

    Args:
        first: the weak model, smaller or trained for less; it has a `denoiser` of the same process and condition.
        checkpoint: file with its weights; None takes `first` as it is.
        scale: 1 is the model itself.
    """

    def __init__(self, first: nn.Module, checkpoint: str | None = None, scale: NonNegativeFloat = 2.0) -> None:
        super().__init__()
        model = trained(first, checkpoint, "guidance.checkpoint", "the guiding model")
        self.weak = model.denoiser
        self.conditioner: Any = getattr(model, "conditioner", None)
        self.scale = scale

    def __repr__(self) -> str:
        return f"Autoguidance(scale={self.scale})"

    def forward(self, denoise: Denoise) -> Denoise:
        def guided(x_t: Tensor, t: Tensor, condition: Condition | None = None) -> Estimate:
            estimate = denoise(x_t, t, condition)
            if self.conditioner is not None and has_weights(self.conditioner):
                condition = in_words_of(self.conditioner, condition, len(x_t), x_t.device)
            return estimate.with_x0(torch.lerp(self.weak(x_t, t, condition).x0, estimate.x0, self.scale))

        return guided
