"""A U-Net of 145 thousand parameters, for grey digits."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from genlab.conditions import ConditionTensors
from genlab.networks.conditioned import reads, with_channels
from genlab.networks.former_names import accept_former_names
from genlab.networks.sides import between_levels
from genlab.ranges import NonNegativeInt, PositiveInt

_GROUPS = 8


def _block(inputs: int, outputs: int) -> nn.Sequential:
    """Two 3x3 convolutions, each normalised over groups of channels and rectified."""
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, 3, padding=1),
        nn.GroupNorm(_GROUPS, outputs),
        nn.ReLU(),
        nn.Conv2d(outputs, outputs, 3, padding=1),
        nn.GroupNorm(_GROUPS, outputs),
        nn.ReLU(),
    )


class _TimeEmbedding(nn.Sequential):
    """The raw step number through two linear layers: (batch,) -> (batch, channels, 1, 1)."""

    def __init__(self, hidden: int, channels: int) -> None:
        super().__init__(nn.Linear(1, hidden), nn.ReLU(), nn.Linear(hidden, channels))

    def forward(self, level: Tensor) -> Tensor:
        return super().forward(level[:, None])[:, :, None, None]


class SmallUNet(nn.Module):
    """Three levels of plain blocks; the time is added before each up-sampling. Knows no class.

    With the default widths it has 144,945 parameters for one input channel and 145,233 for three.

    Args:
        in_channels: of the input.
        out_channels: of the output.
        block_out_channels: the width of each level, from the full resolution down.
        time_hidden: width of the hidden layer of each time embedding.
        condition_channels: of a picture in the condition, which is laid beside the data (InstructPix2Pix, Palette,
            inpainting); 0 for none.
    """

    division = staticmethod(between_levels)

    def __init__(
        self,
        in_channels: PositiveInt,
        out_channels: PositiveInt,
        block_out_channels: list[PositiveInt],
        time_hidden: PositiveInt = 32,
        condition_channels: NonNegativeInt = 0,
    ) -> None:
        super().__init__()
        widths = list(block_out_channels)
        self._condition_channels = condition_channels
        self.reads = reads(label=False, channels=condition_channels)
        inputs = in_channels + condition_channels
        self.down = nn.ModuleList(_block(a, b) for a, b in zip([inputs, *widths], widths, strict=False))
        pairs = list(zip(widths[:0:-1], widths[-2::-1], strict=True))  # (64, 32), (32, 16)
        self.time = nn.ModuleList(_TimeEmbedding(time_hidden, low) for low, _ in pairs)
        self.upsample = nn.ModuleList(nn.ConvTranspose2d(low, low, 2, stride=2) for low, _ in pairs)
        self.up = nn.ModuleList(_block(low + high, high) for low, high in pairs)
        self.head = nn.Sequential(
            nn.Conv2d(widths[0], widths[0], 3, padding=1), nn.ReLU(), nn.Conv2d(widths[0], out_channels, 3, padding=1)
        )
        self._division = self.division(widths)
        self.side_multiple = self._division.multiple
        accept_former_names(self, {"grow": "upsample"})

    def forward(self, x: Tensor, level: Tensor, condition: ConditionTensors | None = None) -> Tensor:
        """x (batch, in_channels, h, w), `level` (batch,) the step number; of the condition it reads `channels`."""
        x = with_channels(x, condition, self._condition_channels)
        self._division.check(x.shape[-2:])
        skips: list[Tensor] = []
        for i, block in enumerate(self.down):
            x = block(x if i == 0 else nn.functional.max_pool2d(x, 2))
            skips.append(x)  # each has half the height and width of the one before
        skips.pop()  # the lowest one, which is `x` itself
        for time, upsample, block in zip(self.time, self.upsample, self.up, strict=True):
            x = block(torch.cat([upsample(x + time(level)), skips.pop()], dim=1))
        return self.head(x)
