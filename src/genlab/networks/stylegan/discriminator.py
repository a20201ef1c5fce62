"""The residual discriminator of StyleGAN 2 (Karras et al. 2020, section 4.1).

Paper: https://arxiv.org/abs/1912.04958
"""

from __future__ import annotations

import math
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from genlab.networks.sides import at_each_level
from genlab.networks.stylegan.equalised import Bias, EqualisedConv2d, EqualisedLinear, activated
from genlab.networks.two_players import MinibatchDeviation, Score
from genlab.picture_size import Size
from genlab.ranges import PositiveInt, SeveralInt


class StyleDiscriminator(nn.Module):
    """Images -> scores (batch,), high where they look real: residual blocks, each of which halves both sides.

    Args:
        channels, size: of the images.
        width: channels of the first level; twice as many at each lower one,
        widest: but never more than these.
        levels: how often both sides are halved.
        group: so many images of a batch are told how much they differ; None tells nothing.
        num_classes: how many labels there are; None makes the network unconditional.
        grows: whether images can enter at any level, so that the network can be used before it is whole
            (see models/growing.py).
    """

    division = staticmethod(at_each_level)

    def __init__(
        self,
        channels: PositiveInt,
        size: Size,
        width: PositiveInt = 24,
        widest: PositiveInt = 64,
        levels: PositiveInt = 3,
        group: SeveralInt | None = 4,
        num_classes: PositiveInt | None = None,
        grows: bool | None = None,
    ) -> None:
        super().__init__()
        height, width_of_map = at_each_level(levels).smallest(size)
        widths = [min(widest, width * 2**level) for level in range(levels + 1)]
        last = widths[-1]
        deviation = [] if group is None else [MinibatchDeviation(group)]
        self.layers = nn.Sequential(
            EqualisedConv2d(channels, widths[0], kernel=1),
            Bias(widths[0]),
            *(_Block(before, after) for before, after in pairwise(widths)),
            *deviation,
            EqualisedConv2d(last + len(deviation), last),
            Bias(last),
            nn.Flatten(),
        )
        self.dense = EqualisedLinear(last * height * width_of_map, last)
        self.score = Score(last, num_classes, spectral=False)
        if isinstance(
            self.score.embedding, nn.Embedding
        ):  # so that the label's part of a score is no larger than the other
            nn.init.normal_(self.score.embedding.weight, std=1 / math.sqrt(last))
        self.growing_levels = levels if grows else 0
        self.entrances = nn.ModuleList(
            nn.Sequential(EqualisedConv2d(channels, width, kernel=1), Bias(width)) for width in widths[1:] if grows
        )
        self.to(memory_format=torch.channels_last)

    def forward(self, x: Tensor, label: Tensor | None = None, depth: float | None = None) -> Tensor:
        """Scores by the last `depth` levels: of 1.3 the first of two is faded in, which sees twice as many pixels."""
        h = self.layers(x) if depth is None else self._from_depth(x, depth)
        out: Tensor = self.score(activated(self.dense(h)), label)
        return out

    def _from_depth(self, x: Tensor, depth: float) -> Tensor:
        left_out = self.growing_levels - math.ceil(depth)
        h = self._entered(x, left_out)
        if share := depth % 1:
            h = torch.lerp(self._entered(x, left_out + 1), self.layers[2 + left_out](h), share)
            left_out += 1
        out: Tensor = self.layers[2 + left_out :](h)
        return out

    def _entered(self, x: Tensor, halvings: int) -> Tensor:
        """A map of images with so many halvings, whose pixels are the means of theirs."""
        out: Tensor = self.entrances[halvings - 1](F.avg_pool2d(x, 2**halvings)) if halvings else self.layers[:2](x)
        return out


class _Block(nn.Module):
    """Two convolutions, the second halving both sides, beside one of single pixels that halves them, too."""

    def __init__(self, before: int, after: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            EqualisedConv2d(before, before), Bias(before), EqualisedConv2d(before, after, resampling="down"),
            Bias(after),
        )  # fmt: skip
        self.beside = EqualisedConv2d(before, after, kernel=1, resampling="down")

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = (self.layers(x) + self.beside(x)) / math.sqrt(2)
        return out
