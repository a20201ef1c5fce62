"""A convolutional U-Net over maps of tokens.

Papers: https://arxiv.org/abs/2211.07292, https://arxiv.org/abs/2201.03545
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from genlab.conditions import ConditionTensors
from genlab.networks.attention import Attention
from genlab.networks.conditioned import label_of, reads, text_of
from genlab.networks.dit import zero
from genlab.networks.timestep import TimestepEmbedding
from genlab.ranges import PositiveInt


class PaellaUNet(nn.Module):
    """Maps of tokens, some of them wrong or hidden -> logits of the clean ones (Rampas et al. 2022, section 3.2).

    Blocks of a depthwise convolution and two dense layers, as ConvNeXt's, scaled and shifted by the time and the
    label. Below the first level each side is halved, rounded up.

    Args:
        shape: of a map: (channels, height, width).
        num_values: of a token; the integer `num_values` stands for a hidden one.
        num_classes: how many labels there are; None reads none. The label `num_classes` stands for no label.
        width: of a place at the first level; even.
        levels: of the U-Net; the second is twice as wide, and so on.
        blocks: at each level, on the way down and on the way up.
        kernel: side of the depthwise convolutions; odd.
        context_width: of a token of a text, which is read at the last level; None reads no text.
    """

    def __init__(
        self,
        shape: Sequence[PositiveInt],
        num_values: PositiveInt,
        num_classes: PositiveInt | None = None,
        width: PositiveInt = 96,
        levels: PositiveInt = 2,
        blocks: PositiveInt = 2,
        kernel: PositiveInt = 3,
        context_width: PositiveInt | None = None,
    ) -> None:
        super().__init__()
        if kernel % 2 == 0:
            raise ValueError(f"network.kernel={kernel} must be odd")
        if min(shape[1:]) <= 2 ** (levels - 1) and levels > 1:
            raise ValueError(f"network.levels={levels} are too many for a map of {shape[1]}x{shape[2]} tokens")
        self._context_width = context_width
        self.reads = reads(num_classes is not None, text=context_width is not None)
        self.values = nn.ModuleList(nn.Embedding(num_values + 1, width) for _ in range(shape[0]))
        self.time = TimestepEmbedding(width)
        self.class_embedding = None if num_classes is None else nn.Embedding(num_classes + 1, width)
        widths = [width * 2**i for i in range(levels)]

        def stage(w: int) -> nn.ModuleList:
            return nn.ModuleList(_Block(w, width, kernel) for _ in range(blocks))

        self.down, self.up = nn.ModuleList(map(stage, widths)), nn.ModuleList(map(stage, widths))
        pairs = list(pairwise(widths))
        self.narrow = nn.ModuleList(nn.Conv2d(a, b, 3, stride=2, padding=1) for a, b in pairs)
        self.widen = nn.ModuleList(nn.Conv2d(a + b, a, 1) for a, b in pairs)
        self.read = None if context_width is None else _Reading(widths[-1], context_width)
        self.out_norm = nn.LayerNorm(width)
        self.out_proj = nn.Linear(width, shape[0] * num_values)

    def forward(self, x: Tensor, level: Tensor, condition: ConditionTensors | None = None) -> Tensor:
        """int64 (batch, channels, height, width), values 0 to num_values -> (batch, num_values, same shape)."""
        embedding = self.time(level)  # (batch, width)
        if self.class_embedding is not None:
            embedding = embedding + self.class_embedding(label_of(condition))
        embedding = F.silu(embedding)
        h = torch.stack([value(x[:, c]) for c, value in enumerate(self.values)]).sum(0).movedim(-1, 1)
        kept: list[Tensor] = []
        for i, stage in enumerate(self.down):
            if i:
                kept.append(h)
                h = self.narrow[i - 1](h)
            h = _through(stage, h, embedding)
        if self.read is not None and self._context_width is not None:
            h = self.read(h, *text_of(condition, self._context_width))
        h = _through(self.up[-1], h, embedding)
        for i in reversed(range(len(kept))):
            h = F.interpolate(h, size=kept[i].shape[2:], mode="nearest")
            h = _through(self.up[i], self.widen[i](torch.cat([kept[i], h], 1)), embedding)
        logits = self.out_proj(self.out_norm(h.movedim(1, -1)))  # (batch, height, width, channels * num_values)
        return logits.unflatten(-1, (x.shape[1], -1)).permute(0, 4, 3, 1, 2)


def _through(stage: nn.Module, h: Tensor, embedding: Tensor) -> Tensor:
    for block in stage.children():
        h = block(h, embedding)
    return h


class _Block(nn.Module):
    """Adds to (batch, width, height, width of the map) what neighbours and time say; begins as the identity."""

    def __init__(self, width: int, told: int, kernel: int) -> None:
        super().__init__()
        self.neighbours = nn.Conv2d(width, width, kernel, padding=kernel // 2, groups=width)
        self.norm = nn.LayerNorm(width, elementwise_affine=False)
        self.modulation = nn.Linear(told, 2 * width)
        self.dense = nn.Sequential(nn.Linear(width, 4 * width), nn.GELU(), zero(nn.Linear(4 * width, width)))

    def forward(self, h: Tensor, embedding: Tensor) -> Tensor:
        shift, scale = self.modulation(embedding)[:, None, None].chunk(2, -1)
        inner = self.norm(self.neighbours(h).movedim(1, -1)) * (1 + scale) + shift
        return h + self.dense(inner).movedim(-1, 1)


class _Reading(nn.Module):
    """Adds to each place what it finds in the text; begins as the identity."""

    def __init__(self, width: int, context_width: int) -> None:
        super().__init__()
        self.norm, self.norm_context = nn.LayerNorm(width), nn.LayerNorm(context_width)
        self.q, self.kv = nn.Linear(width, width), nn.Linear(context_width, 2 * width)
        self.attention = Attention("cross")
        self.out_proj = zero(nn.Linear(width, width))

    def forward(self, h: Tensor, context: Tensor, mask: Tensor | None) -> Tensor:
        places = h.flatten(2).transpose(1, 2)  # (batch, places, width)
        # one head: (batch, 1, places or words, width) each
        q = self.q(self.norm(places))[:, None]
        k, v = self.kv(self.norm_context(context))[:, None].chunk(2, -1)
        found = self.attention(q, k, v, None if mask is None else mask[:, None, None])[:, 0]
        return h + self.out_proj(found).transpose(1, 2).unflatten(-1, h.shape[2:])
