"""RIN: most of the work is done on a few latent vectors, which read from a picture's patches and write to them.

Papers: https://arxiv.org/abs/2212.11972, https://arxiv.org/abs/2208.04202
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from genlab.conditions import ConditionTensors
from genlab.networks.attention import Attention
from genlab.networks.conditioned import label_of, reads, with_channels
from genlab.networks.dit import zero
from genlab.networks.patches import from_patches, positions
from genlab.networks.sides import into_patches
from genlab.networks.timestep import TimestepEmbedding
from genlab.picture_size import Size
from genlab.ranges import NonNegativeInt, PositiveInt


class RIN(nn.Module):
    """Jabri, Fleet & Chen 2022, "Scalable adaptive computation for iterative generation", section 2.2.

    The patches are the interface. Latents begin as learned vectors; the noise level and the class are one more each.
    In every block latents read from the patches, think among themselves, and write to the patches, so that the costly
    layers do not grow with the picture. What latents have found can be handed on to the next call (`with_memory`);
    what is handed on counts nothing before training, and the output begins at zero.

    Args:
        channels: of the data.
        size: of the picture.
        patch: side of a patch; it divides both sides of the picture.
        width: of a patch's vector; a multiple of `heads` and of 4.
        latents: how many there are.
        latent_width: of each; even, and a multiple of `heads`.
        blocks: how often latents read and write.
        depth: layers of thinking in a block.
        heads: of the attention.
        num_classes: how many labels there are; None makes the network unconditional. The label `num_classes`, one
            more, stands for no label.
        out_channels: of the output; None for as many as the data have, twice as many to learn variances as well.
        condition_channels: of a picture in the condition, which is laid beside the data (InstructPix2Pix, Palette,
            inpainting), or of an estimate of the clean data (Analog Bits); 0 for none.
    """

    division = staticmethod(into_patches)
    positions: Tensor

    def __init__(
        self,
        channels: PositiveInt,
        size: Size,
        patch: PositiveInt = 2,
        width: PositiveInt = 64,
        latents: PositiveInt = 16,
        latent_width: PositiveInt = 128,
        blocks: PositiveInt = 3,
        depth: PositiveInt = 2,
        heads: PositiveInt = 4,
        num_classes: PositiveInt | None = None,
        out_channels: PositiveInt | None = None,
        condition_channels: NonNegativeInt = 0,
    ) -> None:
        super().__init__()
        self._grid = self.division(patch).smallest(size)
        if width % heads or width % 4:
            raise ValueError(f"network.width={width} must be a multiple of network.heads={heads} and of 4")
        if latent_width % heads or latent_width % 2:
            raise ValueError(
                f"network.latent_width={latent_width} must be even and a multiple of network.heads={heads}"
            )
        self._channels, self._patch = out_channels or channels, patch
        self._condition_channels = condition_channels
        self.reads = reads(num_classes is not None, condition_channels)
        self.in_proj = nn.Conv2d(channels + condition_channels, width, patch, stride=patch)
        self.register_buffer("positions", positions(*self._grid, width), persistent=False)
        self.latents = nn.Parameter(0.02 * torch.randn(latents, latent_width))
        self.recall = _Recall(latent_width)
        self.time = TimestepEmbedding(latent_width)
        self.class_embedding = None if num_classes is None else nn.Embedding(num_classes + 1, latent_width)
        self.blocks = nn.ModuleList(_Block(width, latent_width, depth, heads) for _ in range(blocks))
        self.norm = nn.LayerNorm(width)
        self.out_proj = zero(nn.Linear(width, self._channels * patch**2))

    def forward(self, x: Tensor, level: Tensor, condition: ConditionTensors | None = None) -> Tensor:
        """`level` (batch,) the step number; of the condition it reads `label` and `channels`."""
        return self.with_memory(x, level, condition)[0]

    def with_memory(
        self, x: Tensor, level: Tensor, condition: ConditionTensors | None = None, memory: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        """The output, and the latents (batch, latents, latent_width) that it was made with.

        Args:
            memory: the latents of an earlier call; None, or zeros for an item, where there was none.
        """
        x = with_channels(x, condition, self._condition_channels)
        patches = self.in_proj(x).flatten(2).transpose(1, 2) + self.positions  # (batch, rows * columns, width)
        n, (count, width) = len(x), self.latents.shape
        if memory is None:
            memory = x.new_zeros(n, count, width)
        told = [self.time(level)]
        if self.class_embedding is not None:
            told.append(self.class_embedding(label_of(condition)))
        latents = torch.cat([self.latents + self.recall(memory), torch.stack(told, dim=1)], dim=1)
        for block in self.blocks:
            patches, latents = block(patches, latents)
        output = from_patches(self.out_proj(self.norm(patches)), self._grid, self._channels, self._patch)
        return output, latents[:, :count]


class _Recall(nn.Module):
    """What of remembered latents is added to the learned ones: norm(memory + dense(memory)), of zeros exactly zeros.

    The norm's scale begins at zero (section 2.3), and no layer has a bias.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.dense = nn.Sequential(
            nn.Linear(width, 4 * width, bias=False), nn.GELU(), nn.Linear(4 * width, width, bias=False)
        )
        self.norm = nn.LayerNorm(width, bias=False)
        nn.init.zeros_(self.norm.weight)

    def forward(self, memory: Tensor) -> Tensor:
        return self.norm(memory + self.dense(memory))


class _Block(nn.Module):
    """Read, think, write."""

    def __init__(self, width: int, latent_width: int, depth: int, heads: int) -> None:
        super().__init__()
        self.read = _Layer(latent_width, width, heads)
        self.think = nn.ModuleList(_Layer(latent_width, latent_width, heads) for _ in range(depth))
        self.write = _Layer(width, latent_width, heads)

    def forward(self, patches: Tensor, latents: Tensor) -> tuple[Tensor, Tensor]:
        latents = self.read(latents, patches)
        for layer in self.think:
            latents = layer(latents, latents)
        return self.write(patches, latents), latents


class _Layer(nn.Module):
    """Attention from rows to others, or to themselves, and two dense layers, each of a normalised input."""

    def __init__(self, width: int, other_width: int, heads: int) -> None:
        super().__init__()
        self._heads = heads
        self.norm, self.other_norm, self.dense_norm = (
            nn.LayerNorm(width),
            nn.LayerNorm(other_width),
            nn.LayerNorm(width),
        )
        self.q, self.kv = nn.Linear(width, width), nn.Linear(other_width, 2 * width)
        self.attention = Attention("cross")
        self.out_proj = nn.Linear(width, width)
        self.dense = nn.Sequential(nn.Linear(width, 4 * width), nn.GELU("tanh"), nn.Linear(4 * width, width))

    def forward(self, rows: Tensor, others: Tensor) -> Tensor:
        q = self.q(self.norm(rows)).unflatten(-1, (self._heads, -1)).transpose(1, 2)  # (batch, heads, rows, features)
        k, v = self.kv(self.other_norm(others)).unflatten(-1, (2, self._heads, -1)).permute(2, 0, 3, 1, 4)
        rows = rows + self.out_proj(self.attention(q, k, v).transpose(1, 2).flatten(2))
        return rows + self.dense(self.dense_norm(rows))
