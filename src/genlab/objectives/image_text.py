"""Losses of pictures and their texts in one space: each is to be nearest to the other.

Each is given the cosines (n, n) of pictures (rows) and texts, and `positive` (n, n) bool, which pairs belong together.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from genlab.ranges import AnyFloat, PositiveFloat

_MOST = math.log(100)
"""The scale is kept below 100, as in CLIP: beyond it training is not stable."""


class InfoNCE(nn.Module):
    """Cross-entropy of the right text among those of the batch, and of the right picture (van den Oord et al. 2018).

    With a learnt temperature as in CLIP (https://arxiv.org/abs/2103.00020, section 2.3). Where several belong together,
    each of them is to be as likely. In nats; a model that knows nothing has log n.

    Paper: https://arxiv.org/abs/1807.03748

    Args:
        scale: one over the temperature, at first.
    """

    def __init__(self, scale: PositiveFloat = 14.0) -> None:
        super().__init__()
        self.log_scale = nn.Parameter(torch.tensor(math.log(scale)))

    def forward(self, cosines: Tensor, positive: Tensor) -> Tensor:
        logits = _scale(self.log_scale) * cosines
        target = positive.to(logits.dtype)
        one_way, other_way = (
            F.cross_entropy(each, right / right.sum(1, keepdim=True))
            for each, right in ((logits, target), (logits.T, target.T))
        )
        return (one_way + other_way) / 2


class SigmoidPairs(nn.Module):
    """Each pair of a picture and a text by itself: do they belong together (Zhai et al. 2023, SigLIP)?

    Nats of all pairs of the batch, divided by its pictures.

    Paper: https://arxiv.org/abs/2303.15343

    Args:
        scale: one over the temperature, at first.
        bias: of the logits, at first: most pairs do not belong together.
    """

    def __init__(self, scale: PositiveFloat = 10.0, bias: AnyFloat = -10.0) -> None:
        super().__init__()
        self.log_scale = nn.Parameter(torch.tensor(math.log(scale)))
        self.bias = nn.Parameter(torch.tensor(float(bias)))

    def forward(self, cosines: Tensor, positive: Tensor) -> Tensor:
        logits = _scale(self.log_scale) * cosines + self.bias
        return -F.logsigmoid(torch.where(positive, logits, -logits)).sum() / len(cosines)


def _scale(logarithm: nn.Parameter) -> Tensor:
    """At most 100. The parameter itself is bounded, so that at the bound it has a gradient and can fall again."""
    with torch.no_grad():
        logarithm.clamp_(max=_MOST)
    return logarithm.exp()
