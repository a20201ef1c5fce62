"""U-ViT: convolutions at the high resolutions, a transformer at the lowest.

Paper: https://arxiv.org/abs/2301.11093
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from genlab.conditions import ConditionTensors
from genlab.networks.conditioned import label_of, reads, with_channels
from genlab.networks.dit import Block, zero
from genlab.networks.patches import positions
from genlab.networks.sides import between_levels
from genlab.networks.timestep import TimestepEmbedding
from genlab.networks.unet import check_groups
from genlab.picture_size import Size
from genlab.ranges import NonNegativeInt, PositiveInt, Rate


class UViT(nn.Module):
    """Hoogeboom et al. 2023, "Simple diffusion", section 3.4: a U-Net whose lowest level is a deep transformer.

    The noise level and the class scale and shift what is normalised, at every resolution. The output and what each
    block adds begin at zero. Dropout is at the lowest resolution alone (section 3.3).

    Args:
        channels: of the data.
        size: of the picture; each level but the last halves both sides.
        block_out_channels: the width of each level; the last is that of a token, a multiple of `heads` and of 4.
        layers_per_block: residual blocks at each level but the last, on the way down and on the way up.
        depth: blocks of the transformer.
        heads: of its attention.
        dropout: of what its dense layers give.
        norm_groups: groups of the group normalisation; it divides all widths.
        num_classes: how many labels there are; None makes the network unconditional. The label `num_classes`, one
            more, stands for no label.
        out_channels: of the output; None for as many as the data have, twice as many to learn variances as well.
        condition_channels: of a picture in the condition, which is laid beside the data (InstructPix2Pix, Palette,
            inpainting); 0 for none.
    """

    division = staticmethod(between_levels)
    positions: Tensor

    def __init__(
        self,
        channels: PositiveInt,
        size: Size,
        block_out_channels: list[PositiveInt],
        layers_per_block: PositiveInt = 1,
        depth: PositiveInt = 4,
        heads: PositiveInt = 4,
        dropout: Rate = 0.0,
        norm_groups: PositiveInt = 8,
        num_classes: PositiveInt | None = None,
        out_channels: PositiveInt | None = None,
        condition_channels: NonNegativeInt = 0,
    ) -> None:
        super().__init__()
        *widths, width = block_out_channels
        self._grid = self.division(block_out_channels).smallest(size)
        check_groups(block_out_channels, norm_groups)
        if width % heads or width % 4:
            raise ValueError(
                f"network.block_out_channels={list(block_out_channels)}: the last must be a multiple of "
                f"network.heads={heads} and of 4"
            )
        self._condition_channels = condition_channels
        self.reads = reads(num_classes is not None, condition_channels)
        self.time = TimestepEmbedding(width)
        self.class_embedding = None if num_classes is None else nn.Embedding(num_classes + 1, width)
        self.in_proj = nn.Conv2d(channels + condition_channels, block_out_channels[0], 3, padding=1)
        after = block_out_channels[1:]
        blocks = range(layers_per_block)
        self.down = nn.ModuleList(nn.ModuleList(_Residual(w, w, width, norm_groups) for _ in blocks) for w in widths)
        self.narrow = nn.ModuleList(nn.Conv2d(w, low, 1) for w, low in zip(widths, after, strict=True))
        self.register_buffer("positions", positions(*self._grid, width), persistent=False)
        self.blocks = nn.ModuleList(Block(width, heads, dropout) for _ in range(depth))
        self.widen = nn.ModuleList(nn.Conv2d(low, w, 1) for w, low in zip(widths, after, strict=True))
        self.up = nn.ModuleList(nn.ModuleList(_Residual(2 * w, w, width, norm_groups) for _ in blocks) for w in widths)
        self.norm = nn.GroupNorm(norm_groups, block_out_channels[0])
        self.out_proj = zero(nn.Conv2d(block_out_channels[0], out_channels or channels, 3, padding=1))

    def forward(self, x: Tensor, level: Tensor, condition: ConditionTensors | None = None) -> Tensor:
        """`level` (batch,) the step number; of the condition it reads `label` and `channels`."""
        embedding = self.time(level)  # (batch, width)
        if self.class_embedding is not None:
            embedding = embedding + self.class_embedding(label_of(condition))
        embedding = F.silu(embedding)
        x = self.in_proj(with_channels(x, condition, self._condition_channels))
        skips: list[Tensor] = []
        down: Any = zip(self.down, self.narrow, strict=True)
        for blocks, narrow in down:
            for block in blocks:
                x = block(x, embedding)
                skips.append(x)
            x = narrow(F.avg_pool2d(x, 2))
        tokens = x.flatten(2).transpose(1, 2) + self.positions  # (batch, rows * columns, width)
        for block in self.blocks:
            tokens = block(tokens, embedding)
        x = tokens.transpose(1, 2).unflatten(2, self._grid)
        up: Any = zip(reversed(self.up), reversed(self.widen), strict=True)
        for blocks, widen in up:
            x = F.interpolate(widen(x), scale_factor=2.0, mode="nearest")
            for block in blocks:
                x = block(torch.cat([x, skips.pop()], dim=1), embedding)
        return self.out_proj(F.silu(self.norm(x)))


class _Residual(nn.Module):
    """Two 3x3 convolutions, each of a normalised input; that of the second, which begins at zero, is modulated."""

    def __init__(self, inputs: int, outputs: int, embedding: int, norm_groups: int) -> None:
        super().__init__()
        self.norm_1, self.norm_2 = nn.GroupNorm(norm_groups, inputs), nn.GroupNorm(norm_groups, outputs)
        self.conv_1 = nn.Conv2d(inputs, outputs, 3, padding=1)
        self.conv_2 = zero(nn.Conv2d(outputs, outputs, 3, padding=1))
        self.modulation = nn.Linear(embedding, 2 * outputs)
        self.skip = nn.Identity() if inputs == outputs else nn.Conv2d(inputs, outputs, 1)

    def forward(self, x: Tensor, embedding: Tensor) -> Tensor:
        hidden = self.conv_1(F.silu(self.norm_1(x)))
        shift, scale = self.modulation(embedding)[:, :, None, None].chunk(2, dim=1)
        return self.skip(x) + self.conv_2(F.silu(self.norm_2(hidden) * (1 + scale) + shift))
