"""A picture as the condition, laid beside the noisy one: https://arxiv.org/abs/2111.05826 (Palette)."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

from genlab.conditioning.condition import Condition
from genlab.conditions import Conditions, ConditionTensors, as_input, check_request
from genlab.data.batch import Batch
from genlab.randomness import Randomness, rand
from genlab.ranges import PositiveFloat, Rate


class EncodesPictures(nn.Module):
    """A conditioner whose pictures go through the model's codec."""

    def __init__(self) -> None:
        super().__init__()
        self.encode: Callable[[Tensor], Tensor] = _unchanged


class PictureConditioner(EncodesPictures):
    """`channels` (batch, channel, height, width): the data's second picture; zeros stand for no picture.

    It lies beside what the network sees of the data, so it goes through the model's codec as they do. Zeros as in
    InstructPix2Pix (Brooks et al. 2023, https://arxiv.org/abs/2211.09800, section 3.2.1). The network needs
    `condition_channels`.

    Args:
        dropout: share of training pictures replaced by none, which classifier-free guidance needs.
        divided_by: the encoded picture is divided by this: InstructPix2Pix sees it without the scaling of its codec.
    """

    num_classes: int | None = None
    asks = frozenset({"picture"})
    gives = frozenset({"channels"})
    reads_others = True
    """In training it goes by the second pictures of the data."""

    def __init__(self, dropout: Rate = 0.0, divided_by: PositiveFloat = 1.0) -> None:
        super().__init__()
        self.dropout, self.divided_by = dropout, divided_by

    def forward(self, batch: Batch, generator: Randomness = None) -> Condition:
        if batch.other is None:
            raise ValueError("conditioner=picture needs a dataset with a second picture for each; this one has none")
        condition = self._condition(self.encode(batch.other))
        if self.training and self.dropout > 0:
            return condition.without(rand((len(batch.other),), generator, batch.other.device) < self.dropout)
        return condition

    def from_input(self, n: int, condition: Conditions, device: torch.device | None = None) -> Condition:
        request = as_input(condition)
        check_request(request, self.asks)
        picture = request.for_each(n).picture
        if picture is None:
            raise ValueError("this model goes by a picture: give one (picture=FILE)")
        return self._condition(self.encode(picture.to(device)))

    def _condition(self, picture: Tensor) -> Condition:
        picture = picture if self.divided_by == 1 else picture / self.divided_by
        null = ConditionTensors(channels=torch.zeros_like(picture)) if self.dropout > 0 else None
        return Condition(ConditionTensors(channels=picture), null)


def encode_pictures(conditioner: object, encode: Callable[[Tensor], Tensor]) -> None:
    """Let the pictures of a conditioner, or of its parts, go through a model's codec."""
    for part in conditioner.modules() if isinstance(conditioner, nn.Module) else ():
        if isinstance(part, EncodesPictures):
            part.encode = encode


def _unchanged(x: Tensor) -> Tensor:
    return x
