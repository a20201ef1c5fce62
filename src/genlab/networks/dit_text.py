"""A DiT that reads texts: between the self-attention and the dense layers of each block, cross-attention to tokens.

Papers: https://arxiv.org/abs/2212.09748, https://arxiv.org/abs/2310.00426
"""

from __future__ import annotations

from functools import partial

from torch import Tensor, nn

from genlab.conditions import ConditionTensors
from genlab.networks.attention import Attention
from genlab.networks.conditioned import pooled_of, reads, text_of, with_channels
from genlab.networks.dit import Block, zero
from genlab.networks.patches import from_patches, positions
from genlab.networks.sides import into_patches
from genlab.networks.timestep import TimestepEmbedding
from genlab.picture_size import Size
from genlab.ranges import NonNegativeInt, PositiveInt


class TextDiT(nn.Module):
    """DiT's blocks (adaLN-zero) with the cross-attention of PixArt-alpha (Chen et al. 2023, section 2.2).

    All gates, the cross-attention's outputs and the last layer begin at zero, so that every block begins as the
    identity and the output at zero. It takes pictures of any size that `patch` divides: the positions of another grid
    are spread over the range of the one that it was made for.

    Args:
        channels: of the data.
        size: of the picture that it is made for.
        context_width: of a token of the text.
        patch: side of a patch, which is one token of the picture; it divides both sides.
        width: of a token of the picture; a multiple of `heads` and of 4.
        depth: blocks.
        heads: of the attention.
        pooled_width: of the text's one vector, which is added to the noise level's; None where it is not read.
        out_channels: of the output; None for as many as the data have, twice as many to learn variances as well.
        condition_channels: of a picture in the condition, which is laid beside the data; 0 for none.
    """

    division = staticmethod(into_patches)
    positions: Tensor

    def __init__(
        self,
        channels: PositiveInt,
        size: Size,
        context_width: PositiveInt,
        patch: PositiveInt = 2,
        width: PositiveInt = 192,
        depth: PositiveInt = 6,
        heads: PositiveInt = 6,
        pooled_width: PositiveInt | None = None,
        out_channels: PositiveInt | None = None,
        condition_channels: NonNegativeInt = 0,
    ) -> None:
        super().__init__()
        self._grid = self.division(patch).smallest(size)
        self.side_multiple = patch
        if width % heads or width % 4:
            raise ValueError(f"network.width={width} must be a multiple of network.heads={heads} and of 4")
        self._channels, self._patch, self._width = out_channels or channels, patch, width
        self._condition_channels, self._context_width, self._pooled_width = (
            condition_channels, context_width, pooled_width,
        )  # fmt: skip
        self.reads = reads(channels=condition_channels, text=True) | ({"pooled"} if pooled_width else set())
        self.in_proj = nn.Conv2d(channels + condition_channels, width, patch, stride=patch)
        self.register_buffer("positions", positions(*self._grid, width), persistent=False)
        self.time = TimestepEmbedding(width)
        self.pooled = (
            None if pooled_width is None else nn.Sequential(nn.LayerNorm(pooled_width), nn.Linear(pooled_width, width))
        )
        self.context = nn.Sequential(nn.LayerNorm(context_width), nn.Linear(context_width, width))
        self.blocks = nn.ModuleList(Block(width, heads) for _ in range(depth))
        self.words = nn.ModuleList(Words(width, heads) for _ in range(depth))
        self.norm = nn.LayerNorm(width, elementwise_affine=False)
        self.modulation = zero(nn.Linear(width, 2 * width))
        self.out_proj = zero(nn.Linear(width, self._channels * patch**2))

    def forward(self, x: Tensor, level: Tensor, condition: ConditionTensors | None = None) -> Tensor:
        """`level` (batch,) the step number; of the condition it reads `tokens`, `mask`, `pooled` and `channels`."""
        context, mask = text_of(condition, self._context_width)
        x = with_channels(x, condition, self._condition_channels)
        embedding = self.time(level)  # (batch, width)
        if self.pooled is not None and self._pooled_width is not None:
            embedding = embedding + self.pooled(pooled_of(condition, self._pooled_width))
        embedding = nn.functional.silu(embedding)
        context = self.context(context)  # (batch, length, width)
        mask = None if mask is None else mask[:, None, None]  # for all heads and queries
        rows, columns = grid = self.division(self._patch).smallest(tuple(x.shape[2:]))
        tokens = self.in_proj(x).flatten(2).transpose(1, 2) + self._positions(rows, columns)
        for block, words in zip(self.blocks, self.words, strict=True):
            tokens = block(tokens, embedding, partial(words, context=context, mask=mask))
        shift, scale = self.modulation(embedding)[:, None].chunk(2, dim=-1)  # (batch, 1, width) each
        patches = self.out_proj(self.norm(tokens) * (1 + scale) + shift)
        return from_patches(patches, grid, self._channels, self._patch)

    def _positions(self, rows: int, columns: int) -> Tensor:
        """(rows * columns, width)."""
        if (rows, columns) == self._grid:
            return self.positions
        return positions(rows, columns, self._width, self._grid).to(self.positions)


class Words(nn.Module):
    """Adds to each place of the picture what it finds in the text."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self._heads = heads
        self.norm = nn.LayerNorm(width)
        self.q = nn.Linear(width, width)
        self.kv = nn.Linear(width, 2 * width)
        self.attention = Attention("cross")
        self.out_proj = zero(nn.Linear(width, width))

    def forward(self, tokens: Tensor, context: Tensor, mask: Tensor | None) -> Tensor:
        # (batch, heads, tokens or words, features) each
        q = self.q(self.norm(tokens)).unflatten(-1, (self._heads, -1)).transpose(1, 2)
        k, v = self.kv(context).unflatten(-1, (2, self._heads, -1)).permute(2, 0, 3, 1, 4)
        return tokens + self.out_proj(self.attention(q, k, v, mask).transpose(1, 2).flatten(2))
