"""The critic of patches: is each patch of a picture one of the data's?

Papers: https://arxiv.org/abs/1611.07004 (Isola et al. 2017, "Image-to-image translation", section 3.2.2)
"""

from __future__ import annotations

from typing import Literal

from torch import Tensor, nn

from genlab.ranges import PositiveInt

_GROUPS = 4

Norm = Literal["group", "instance"]


class PatchCritic(nn.Module):
    """(batch, channels, height, width) -> (batch, 1, rows, columns): a number for each patch, high where it looks real.

    Strided convolutions with leaky ReLUs; normalised by groups of channels, or each by itself, so that no picture
    changes the answer for another one of the batch, as it would with the paper's batch normalisation.

    Args:
        channels: of the pictures.
        width: channels after the first convolution, a multiple of 4; twice as many after each further one, at most
            eight times.
        levels: how often both sides are halved; patches are 34 pixels wide with 2, 70 with 3.
        norm: "group" of four groups of channels, with a scale and a shift that are learnt; "instance" of each channel
            by itself, as in Zhu et al. 2017 (https://arxiv.org/abs/1703.10593).
    """

    def __init__(
        self, channels: PositiveInt, width: PositiveInt = 32, levels: PositiveInt = 2, norm: Norm = "group"
    ) -> None:
        super().__init__()
        if width % _GROUPS:
            raise ValueError(f"the critic's width={width} must be a multiple of {_GROUPS}")
        self.levels, self.least = levels, 3 * 2**levels
        layers: list[nn.Module] = [nn.Conv2d(channels, width, 4, stride=2, padding=1), nn.LeakyReLU(0.2)]
        inner = width
        for level in range(1, levels + 1):
            outer = width * 2 ** min(level, 3)
            stride = 2 if level < levels else 1
            layers += [nn.Conv2d(inner, outer, 4, stride, 1, bias=False), _normalised(norm, outer)]
            layers += [nn.LeakyReLU(0.2)]
            inner = outer
        self.layers = nn.Sequential(*layers, nn.Conv2d(inner, 1, 4, padding=1))

    def forward(self, x: Tensor, label: Tensor | None = None) -> Tensor:
        if label is not None:
            raise ValueError("a critic of patches knows no classes: give model.num_classes=null")
        if (side := min(x.shape[2:])) < self.least:
            raise ValueError(
                f"the critic's levels={self.levels} need pictures of {self.least} pixels or more, and these have {side}"
                ": take fewer"
            )
        return self.layers(x)


def _normalised(norm: Norm, channels: int) -> nn.Module:
    return nn.GroupNorm(_GROUPS, channels) if norm == "group" else nn.InstanceNorm2d(channels)
