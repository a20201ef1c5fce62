"""A U-Net that reads texts: diffusers' UNet2DConditionModel, the network of Stable Diffusion.

Paper: https://arxiv.org/abs/2112.10752
"""

from __future__ import annotations

from torch import Tensor, nn

from genlab.conditions import ConditionTensors
from genlab.networks.conditioned import reads, text_of, with_channels
from genlab.networks.sides import between_levels
from genlab.networks.unet import check_groups
from genlab.picture_size import Size, shortest
from genlab.ranges import NonNegativeInt, PositiveInt, Rate


class TextUNet(nn.Module):
    """Residual blocks with self-attention and cross-attention to tokens; (batch, channels, height, width) in and out.

    Args:
        channels: of the data.
        size: of the picture that it is made for; each level but the last halves both sides.
        context_width: of a token of the text.
        block_out_channels: the width of each level, from the full resolution down.
        attention_levels: how many of the lowest levels have attention; the middle, after the last, always has.
        layers_per_block: residual blocks at each level.
        attention_head_size: channels of an attention head; it divides the widths of the levels with attention. (What
            diffusers calls attention_head_dim is the number of heads here.)
        norm_groups: groups of the group normalisation; it divides all widths.
        dropout: in the residual blocks.
        out_channels: of the output; None for as many as the data have, twice as many to learn variances as well.
        condition_channels: of a picture in the condition, which is laid beside the data; 0 for none.
    """

    division = staticmethod(between_levels)

    def __init__(
        self,
        channels: PositiveInt,
        size: Size,
        context_width: PositiveInt,
        block_out_channels: list[PositiveInt],
        attention_levels: NonNegativeInt = 2,
        layers_per_block: PositiveInt = 2,
        attention_head_size: PositiveInt = 32,
        norm_groups: PositiveInt = 32,
        dropout: Rate = 0.0,
        out_channels: PositiveInt | None = None,
        condition_channels: NonNegativeInt = 0,
    ) -> None:
        super().__init__()
        from diffusers.models.unets.unet_2d_condition import UNet2DConditionModel

        division = self.division(block_out_channels)
        division.check(size)
        self.side_multiple = division.multiple
        check_groups(block_out_channels, norm_groups)
        levels = len(block_out_channels)
        attends = [level >= levels - attention_levels for level in range(levels)]
        self._context_width, self._condition_channels = context_width, condition_channels
        self.reads = reads(channels=condition_channels, text=True)
        self.unet = UNet2DConditionModel(
            sample_size=shortest(size),
            in_channels=channels + condition_channels,
            out_channels=out_channels or channels,
            layers_per_block=layers_per_block,
            block_out_channels=tuple(block_out_channels),
            down_block_types=tuple("CrossAttnDownBlock2D" if attend else "DownBlock2D" for attend in attends),
            up_block_types=tuple("CrossAttnUpBlock2D" if attend else "UpBlock2D" for attend in reversed(attends)),
            cross_attention_dim=context_width,
            norm_num_groups=norm_groups,
            attention_head_dim=_heads(block_out_channels, attends, attention_head_size),
            dropout=dropout,
        )

    def forward(self, x: Tensor, level: Tensor, condition: ConditionTensors | None = None) -> Tensor:
        """`level` (batch,) the step number; of the condition it reads `tokens`, `mask` and `channels`."""
        tokens, mask = text_of(condition, self._context_width)
        x = with_channels(x, condition, self._condition_channels)
        return self.unet(x, level, tokens, encoder_attention_mask=mask, return_dict=False)[0]


def _heads(widths: list[int], attends: list[bool], head_size: int) -> tuple[int, ...]:
    """How many heads each level has; 1 where it has no attention, and the number is not used.

    Raises:
        ValueError: the width of a level with attention is no multiple of a head's.
    """
    attends = [*attends[:-1], True]  # the middle attends, and is as wide as the last level
    if wrong := [width for width, attend in zip(widths, attends, strict=True) if attend and width % head_size]:
        raise ValueError(
            f"network.attention_head_size={head_size} must divide the widths of the levels with attention, "
            f"and one of network.block_out_channels is {wrong[0]}"
        )
    return tuple(width // head_size if attend else 1 for width, attend in zip(widths, attends, strict=True))
