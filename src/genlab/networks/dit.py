"""DiT: a transformer over patches whose layers are scaled, shifted and gated by the noise level and the class.

Paper: https://arxiv.org/abs/2212.09748
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from torch import Tensor, nn

from genlab.conditions import ConditionTensors
from genlab.networks.attention import Attention
from genlab.networks.conditioned import label_of, reads, with_channels
from genlab.networks.former_names import accept_former_names
from genlab.networks.patches import from_patches, positions
from genlab.networks.sides import into_patches
from genlab.networks.timestep import TimestepEmbedding
from genlab.picture_size import Size
from genlab.ranges import NonNegativeInt, PositiveInt

Layer = TypeVar("Layer", bound=nn.Module)


class DiT(nn.Module):
    """Peebles & Xie 2023, "Scalable diffusion models with transformers", adaLN-zero; pictures in and out.

    All gates and the last layer begin at zero, so that every block begins as the identity and the output at zero.

    Args:
        channels: of the data.
        size: of the picture.
        patch: side of a patch, which is one token; it divides both sides of the picture.
        width: of a token; a multiple of `heads` and of 4.
        depth: blocks.
        heads: of the attention.
        num_classes: how many labels there are; None makes the network unconditional. The label `num_classes`, one
            more, stands for no label.
        out_channels: of the output; None for as many as the data have, twice as many to learn variances as well.
        condition_channels: of a picture in the condition, which is laid beside the data (InstructPix2Pix, Palette,
            inpainting); 0 for none.
    """

    division = staticmethod(into_patches)
    positions: Tensor

    def __init__(
        self,
        channels: PositiveInt,
        size: Size,
        patch: PositiveInt = 2,
        width: PositiveInt = 128,
        depth: PositiveInt = 4,
        heads: PositiveInt = 4,
        num_classes: PositiveInt | None = None,
        out_channels: PositiveInt | None = None,
        condition_channels: NonNegativeInt = 0,
    ) -> None:
        super().__init__()
        self._grid = self.division(patch).smallest(size)
        if width % heads or width % 4:
            raise ValueError(f"network.width={width} must be a multiple of network.heads={heads} and of 4")
        self._channels, self._patch = out_channels or channels, patch
        self._condition_channels = condition_channels
        self.reads = reads(num_classes is not None, condition_channels)
        self.in_proj = nn.Conv2d(channels + condition_channels, width, patch, stride=patch)
        self.register_buffer("positions", positions(*self._grid, width), persistent=False)
        self.time = TimestepEmbedding(width)
        self.class_embedding = None if num_classes is None else nn.Embedding(num_classes + 1, width)
        self.blocks = nn.ModuleList(Block(width, heads) for _ in range(depth))
        self.norm = nn.LayerNorm(width, elementwise_affine=False)
        self.modulation = zero(nn.Linear(width, 2 * width))
        self.out_proj = zero(nn.Linear(width, self._channels * patch**2))
        accept_former_names(self, {"enter": "in_proj", "leave": "out_proj"})

    def forward(self, x: Tensor, level: Tensor, condition: ConditionTensors | None = None) -> Tensor:
        """`level` (batch,) the step number; of the condition it reads `label` and `channels`."""
        x = with_channels(x, condition, self._condition_channels)
        embedding = self.time(level)  # (batch, width)
        if self.class_embedding is not None:
            embedding = embedding + self.class_embedding(label_of(condition))
        embedding = nn.functional.silu(embedding)
        tokens = self.in_proj(x).flatten(2).transpose(1, 2) + self.positions  # (batch, rows * columns, width)
        for block in self.blocks:
            tokens = block(tokens, embedding)
        shift, scale = self.modulation(embedding)[:, None].chunk(2, dim=-1)  # (batch, 1, width) each
        patches = self.out_proj(self.norm(tokens) * (1 + scale) + shift)
        return from_patches(patches, self._grid, self._channels, self._patch)


class Block(nn.Module):
    """Attention and two dense layers, each of a normalised input that is scaled and shifted, and each gated.

    All gates begin at zero, and the block as the identity. `dropout` is that of what the two layers give.
    """

    def __init__(self, width: int, heads: int, dropout: float = 0.0) -> None:
        super().__init__()
        self._heads = heads
        self.norms = nn.ModuleList(nn.LayerNorm(width, elementwise_affine=False) for _ in range(2))
        self.qkv = nn.Linear(width, 3 * width)
        self.attention = Attention()
        self.out_proj = nn.Linear(width, width)
        self.dense = nn.Sequential(nn.Linear(width, 4 * width), nn.GELU("tanh"), nn.Linear(4 * width, width))
        self.dropout = nn.Dropout(dropout)
        self.modulation = zero(nn.Linear(width, 6 * width))
        accept_former_names(self, {"join": "out_proj"})

    def forward(self, tokens: Tensor, embedding: Tensor, between: Callable[[Tensor], Tensor] | None = None) -> Tensor:
        """`between`: what is done to the tokens after the attention and before the dense layers."""
        shift_1, scale_1, gate_1, shift_2, scale_2, gate_2 = self.modulation(embedding)[:, None].chunk(6, dim=-1)
        tokens = tokens + gate_1 * self._attend(self.norms[0](tokens) * (1 + scale_1) + shift_1)
        if between is not None:
            tokens = between(tokens)
        return tokens + gate_2 * self.dropout(self.dense(self.norms[1](tokens) * (1 + scale_2) + shift_2))

    def _attend(self, tokens: Tensor) -> Tensor:
        # (batch, heads, tokens, features) each
        q, k, v = self.qkv(tokens).unflatten(-1, (3, self._heads, -1)).permute(2, 0, 3, 1, 4)
        return self.out_proj(self.attention(q, k, v).transpose(1, 2).flatten(2))


def zero(layer: Layer) -> Layer:
    """The layer, which begins as one that gives zeros."""
    for parameter in layer.parameters():
        nn.init.zeros_(parameter)
    return layer
