"""Guidance by a text and a picture, each with a scale of its own.

Paper: https://arxiv.org/abs/2211.09800
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from genlab.conditioning.condition import Condition
from genlab.conditions import concatenate
from genlab.denoisers.estimate import Denoise, Estimate
from genlab.ranges import NonNegativeFloat


@dataclass(frozen=True)
class Instruct:
    """x0(nothing) + picture_scale (x0(picture) - x0(nothing)) + scale (x0(picture, text) - x0(picture)).

    Brooks et al. 2023, "InstructPix2Pix", eq. 3, on x0, which is the same. All three are made in one batched call.

    Args:
        scale: how strongly the text is followed; 1 and 1 is the conditional model.
        picture_scale: how strongly the picture is.
    """

    compares_with_null = True
    """The model must have been trained without text and without a picture, too, unless both scales are 1."""

    compares_apart = True
    """The text and the picture must each have been left away in training: see the rule."""

    scale: NonNegativeFloat = 7.5
    picture_scale: NonNegativeFloat = 1.5

    @property
    def needs_null(self) -> bool:
        return (self.scale, self.picture_scale) != (1, 1)

    def __call__(self, denoise: Denoise) -> Denoise:
        if not self.needs_null:
            return denoise

        def guided(x_t: Tensor, t: Tensor, condition: Condition | None = None) -> Estimate:
            given = None if condition is None else condition.given
            null = None if condition is None else condition.null
            if given is None or null is None or given.channels is None or given.tokens is None:
                raise ValueError(
                    "guidance=instruct needs a model of a text and a picture, trained with conditioner.dropout greater "
                    "than 0 for both"
                )
            picture = null._replace(channels=given.channels)
            three = Condition(concatenate([given, picture, null]))
            times = t if t.ndim == 0 else torch.cat([t, t, t])
            estimates = denoise(torch.cat([x_t, x_t, x_t]), times, three)
            both, of_picture, of_nothing = estimates.x0.chunk(3)
            x0 = of_nothing + self.picture_scale * (of_picture - of_nothing) + self.scale * (both - of_picture)
            return replace(estimates.first(len(x_t)), x_t=x_t, x0=x0)

        return guided
