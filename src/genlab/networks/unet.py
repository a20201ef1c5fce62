"""The U-Net of DDPM: diffusers' UNet2DModel, which gets the class as extra input channels.

Papers: https://arxiv.org/abs/2006.11239, https://arxiv.org/abs/2301.11093
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from genlab.conditions import ConditionTensors
from genlab.networks.conditioned import label_of, reads, with_channels
from genlab.networks.sides import between_levels
from genlab.picture_size import Size, shortest
from genlab.ranges import NonNegativeInt, PositiveInt, Rate


class UNet(nn.Module):
    """Residual blocks with self-attention at chosen levels; (batch, channels, height, width) in and out.

    The class embedding is laid over the picture as `class_embedding_size` constant extra channels.

    Args:
        channels: of the data.
        size: of the picture; each level but the last halves both sides.
        block_out_channels: the width of each level, from the full resolution down.
        attention_levels: how many of the lowest levels have self-attention.
        layers_per_block: residual blocks at each level.
        num_classes: how many labels there are; None makes the network unconditional. The label `num_classes`, one
            more, stands for no label.
        class_embedding_size: channels of the class embedding.
        norm_groups: groups of the group normalisation; it divides all widths.
        attention_head_size: channels of an attention head.
        dropout: in the residual blocks.
        dropout_levels: of how many of the lowest levels; None for all (Hoogeboom et al. 2023, "Simple diffusion",
            section 3.3: at the low resolutions alone).
        out_channels: of the output; None for as many as the data have, twice as many to learn variances as well.
        condition_channels: of a picture in the condition, which is laid beside the data (InstructPix2Pix, Palette,
            inpainting); 0 for none.
    """

    division = staticmethod(between_levels)

    def __init__(
        self,
        channels: PositiveInt,
        size: Size,
        block_out_channels: list[PositiveInt],
        attention_levels: NonNegativeInt = 2,
        layers_per_block: PositiveInt = 2,
        num_classes: PositiveInt | None = None,
        class_embedding_size: PositiveInt = 4,
        norm_groups: PositiveInt = 32,
        attention_head_size: PositiveInt = 8,
        dropout: Rate = 0.0,
        out_channels: PositiveInt | None = None,
        condition_channels: NonNegativeInt = 0,
        dropout_levels: PositiveInt | None = None,
    ) -> None:
        super().__init__()
        from diffusers.models.unets.unet_2d import UNet2DModel

        levels = len(block_out_channels)
        division = self.division(block_out_channels)
        division.check(size)
        self.side_multiple = division.multiple
        check_groups(block_out_channels, norm_groups)
        self._condition_channels = condition_channels
        self.reads = reads(num_classes is not None, condition_channels)
        self.class_embedding = None if num_classes is None else nn.Embedding(num_classes + 1, class_embedding_size)
        attends = [level >= levels - attention_levels for level in range(levels)]
        check_heads([w for w, attend in zip(block_out_channels, attends, strict=True) if attend], attention_head_size)
        self.unet = UNet2DModel(
            sample_size=shortest(size),
            in_channels=channels + condition_channels + (0 if num_classes is None else class_embedding_size),
            out_channels=out_channels or channels,
            layers_per_block=layers_per_block,
            block_out_channels=tuple(block_out_channels),
            down_block_types=tuple("AttnDownBlock2D" if attend else "DownBlock2D" for attend in attends),
            up_block_types=tuple("AttnUpBlock2D" if attend else "UpBlock2D" for attend in reversed(attends)),
            norm_num_groups=norm_groups,
            attention_head_dim=attention_head_size,
            dropout=dropout,
        )
        if dropout_levels is not None:
            if dropout_levels > levels:
                raise ValueError(f"network.dropout_levels={dropout_levels} must not exceed the {levels} levels")
            for high in range(levels - dropout_levels):
                for block in (self.unet.down_blocks[high], self.unet.up_blocks[-1 - high]):
                    for residual in block.resnets:
                        residual.dropout.p = 0.0

    def forward(self, x: Tensor, level: Tensor, condition: ConditionTensors | None = None) -> Tensor:
        """`level` (batch,) the step number; of the condition it reads `label` and `channels`."""
        x = with_channels(x, condition, self._condition_channels)
        if self.class_embedding is not None:
            embedding = self.class_embedding(label_of(condition))[:, :, None, None]  # (batch, embedding, 1, 1)
            x = torch.cat([x, embedding.expand(-1, -1, *x.shape[2:])], dim=1)
        return self.unet(x, level, return_dict=False)[0]


def check_groups(widths: list[int], norm_groups: int) -> None:
    """Raise ValueError unless all widths consist of `norm_groups` groups."""
    if any(width % norm_groups for width in widths):
        raise ValueError(
            f"network.norm_groups={norm_groups} must divide every width of network.block_out_channels={list(widths)}"
        )


def check_heads(widths: list[int], head_size: int) -> None:
    """Raise ValueError unless a level with attention is as wide as one head."""
    if narrow := [width for width in widths if width < head_size]:
        raise ValueError(
            f"network.attention_head_size={head_size} must not exceed the widths of the levels with attention, "
            f"and one of network.block_out_channels is {min(narrow)}"
        )
