"""A transformer over maps of tokens that sees all of them at once: MaskGIT, MUSE, discrete diffusion.

Papers: https://arxiv.org/abs/2202.04200, https://arxiv.org/abs/2301.00704
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import torch
from torch import Tensor, nn

from genlab.conditions import ConditionTensors
from genlab.networks.conditioned import channels_of, label_of, reads, text_of
from genlab.networks.dit import Block
from genlab.networks.dit_text import Words
from genlab.networks.patches import positions
from genlab.networks.timestep import TimestepEmbedding
from genlab.ranges import PositiveInt, Rate


class TokenTransformer(nn.Module):
    """Maps of tokens, some of them hidden or wrong -> logits of the clean ones; DiT's blocks (adaLN-zero).

    The channels of a map (the levels of a residual quantizer) share a place of the transformer, and are predicted
    together, as if they did not depend on each other. Logits are products with the embeddings of the values, which
    are so learnt from both ends.

    Args:
        shape: of a map: (channels, height, width).
        num_values: of a token; the integer `num_values` stands for a hidden one.
        num_classes: how many labels there are; None reads none. The label `num_classes` stands for no label.
        width: of a place; a multiple of `heads` and of 4.
        depth: blocks.
        heads: of the attention.
        reads_time: whether the network is told the time. What hides tokens says by itself how many are hidden; what
            replaces them does not.
        context_width: of a token of a text, which each block reads by cross-attention; None reads no text.
        coarse_values: of a coarse token, one for each place in the `channels` of the condition; None reads none.
        coarse_channels: how many coarse tokens a place has.
        dropout: of the embedded tokens.
    """

    positions: Tensor

    def __init__(
        self,
        shape: Sequence[PositiveInt],
        num_values: PositiveInt,
        num_classes: PositiveInt | None = None,
        width: PositiveInt = 128,
        depth: PositiveInt = 4,
        heads: PositiveInt = 4,
        reads_time: bool = False,
        context_width: PositiveInt | None = None,
        coarse_values: PositiveInt | None = None,
        coarse_channels: PositiveInt = 1,
        dropout: Rate = 0.0,
    ) -> None:
        super().__init__()
        if width % heads or width % 4:
            raise ValueError(f"network.width={width} must be a multiple of network.heads={heads} and of 4")
        channels, rows, columns = shape
        self._shape, self._context_width = (channels, rows, columns), context_width
        self.reads = reads(num_classes is not None, int(coarse_values is not None), context_width is not None)
        self.values = nn.Parameter(torch.randn(channels, num_values + 1, width) * 0.02)
        self.coarse = None
        if coarse_values is not None:
            self.coarse = nn.ModuleList(nn.Embedding(coarse_values, width) for _ in range(coarse_channels))
        self.register_buffer("positions", positions(rows, columns, width), persistent=False)
        self.time = TimestepEmbedding(width) if reads_time else None
        self.class_embedding = None if num_classes is None else nn.Embedding(num_classes + 1, width)
        self.nothing = nn.Parameter(torch.zeros(width))
        self.context = None
        if context_width is not None:
            self.context = nn.Sequential(nn.LayerNorm(context_width), nn.Linear(context_width, width))
        self.in_norm, self.dropout = nn.LayerNorm(width), nn.Dropout(dropout)
        self.blocks = nn.ModuleList(Block(width, heads) for _ in range(depth))
        self.words = nn.ModuleList(Words(width, heads) for _ in range(depth if self.context is not None else 0))
        self.head = nn.Sequential(nn.LayerNorm(width), nn.Linear(width, width), nn.GELU(), nn.LayerNorm(width))
        self.bias = nn.Parameter(torch.zeros(channels, num_values))

    def forward(self, x: Tensor, level: Tensor, condition: ConditionTensors | None = None) -> Tensor:
        """int64 (batch, channels, height, width), values 0 to num_values -> (batch, num_values, same shape)."""
        channels = torch.arange(self._shape[0], device=x.device)[:, None]
        places = self.values[channels, x.flatten(2)].sum(1)  # (batch, height * width, width of a place)
        places = self.in_norm(places) + self.positions
        if self.coarse is not None:
            beside = channels_of(condition, len(self.coarse), x.shape[2:])
            places = places + sum(each(beside[:, c].flatten(1)) for c, each in enumerate(self.coarse))
        places = self.dropout(places)
        embedding = nn.functional.silu(self._told(level, condition))
        reading = self._reading(condition)
        for i, block in enumerate(self.blocks):
            between = None if reading is None else partial(self.words[i], context=reading[0], mask=reading[1])
            places = block(places, embedding, between)
        logits = torch.einsum("bnw,ckw->bkcn", self.head(places), self.values[:, :-1])
        return (logits + self.bias.T[None, :, :, None]).unflatten(-1, self._shape[1:])

    def _told(self, level: Tensor, condition: ConditionTensors | None) -> Tensor:
        """(batch, width): the label and the time, where the network is told them."""
        embedding = self.nothing.expand(len(level), -1)
        if self.time is not None:
            embedding = embedding + self.time(level)
        if self.class_embedding is not None:
            embedding = embedding + self.class_embedding(label_of(condition))
        return embedding

    def _reading(self, condition: ConditionTensors | None) -> tuple[Tensor, Tensor | None] | None:
        """The text's tokens (batch, length, width), and where they count, for all heads and queries."""
        if self.context is None or self._context_width is None:
            return None
        context, mask = text_of(condition, self._context_width)
        return self.context(context), None if mask is None else mask[:, None, None]
