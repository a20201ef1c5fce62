"""The wish for a colour."""

from __future__ import annotations

from torch import Tensor

from genlab.conditioning.condition import Condition
from genlab.denoisers.prediction import Prediction
from genlab.ranges import ColourValue


class Colour:
    """Half the squared distance of every pixel of x0 from `colour`, summed: for guidance.loss_gradient.LossGradient.

    Args:
        colour: a value for each channel, in [-1, 1].
    """

    def __init__(self, colour: list[ColourValue]) -> None:
        if not all(-1 <= value <= 1 for value in colour):
            raise ValueError(f"guidance.loss.colour={list(colour)} must be in [-1, 1], as the pictures")
        self.colour = list(colour)

    def __call__(self, prediction: Prediction, condition: Condition | None) -> Tensor:
        x0 = prediction.x0
        if x0.shape[1] != len(self.colour):
            raise ValueError(f"guidance.loss.colour has {len(self.colour)} values, the pictures {x0.shape[1]} channels")
        target = x0.new_tensor(self.colour)[:, None, None]
        return (x0 - target).square().flatten(1).sum(1) / 2
