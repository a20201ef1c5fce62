"""The gated PixelCNN: every number of a map is predicted from those before it.

van den Oord et al. 2016, "Conditional image generation with PixelCNN decoders". The order is row by row, in a row
column by column, at a position channel by channel. A vertical stack sees the rows above, a horizontal stack the columns
to the left and, at the position itself, the earlier channels; together they have no blind spot. Features come in as
many groups as there are channels, and group c never sees channel c (mask A) or a later one (mask B).

Shapes: B batch, C channels, K values, F features of a group, N = C F features, H height, W width.

Paper: https://arxiv.org/abs/1606.05328
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from genlab.ranges import NonNegativeInt, PositiveInt


def group_mask(n_out: int, n_in: int, groups: int, strict: bool) -> Tensor:
    """(n_out, n_in), 1 where an output may read an input: from an earlier group, or its own unless `strict`."""
    to = torch.arange(n_out) * groups // n_out
    of = torch.arange(n_in) * groups // n_in
    return (to[:, None] > of if strict else to[:, None] >= of).float()


class MaskedConv(nn.Module):
    """A convolution over what came before, whose last tap (the position itself) reads only through `mask`.

    Args:
        mask: (n_out, n_in) for the last tap, None for all of it.
        kernel: height and width; the taps end at the position in a horizontal kernel, and in its row in a vertical one.
        pad: zeros to add left, right, above, below (negative: rows to leave off).
    """

    mask: Tensor

    def __init__(
        self, n_in: int, n_out: int, kernel: tuple[int, int], pad: tuple[int, int, int, int], mask: Tensor | None = None
    ) -> None:
        super().__init__()
        conv = nn.Conv2d(n_in, n_out, kernel)  # for its initialisation
        self.raw, self.bias, self.pad = conv.weight, conv.bias, pad
        whole = torch.ones_like(conv.weight)
        if mask is not None:
            whole[:, :, -1, -1] = mask
        self.register_buffer("mask", whole, persistent=False)

    @property
    def weight(self) -> Tensor:
        return self.raw * self.mask

    def forward(self, x: Tensor) -> Tensor:
        return F.conv2d(F.pad(x, self.pad), self.weight, self.bias)


def gate(x: Tensor) -> Tensor:
    """tanh of the first half of the features times sigmoid of the second (equation 2): (B, 2N, ...) -> (B, N, ...)."""
    value, switch = x.chunk(2, 1)
    return value.tanh() * switch.sigmoid()


class GatedLayer(nn.Module):
    """One layer of both stacks: (vertical, horizontal) -> the same, (B, N, H, W) each.

    Args:
        features: N.
        channels: C.
        kernel: side of the neighbourhood, odd.
        first: the layer on the input: mask A, and nothing to add the result to.
    """

    def __init__(self, features: int, channels: int, kernel: int, first: bool) -> None:
        super().__init__()
        reach, N = kernel // 2, features
        own = group_mask(N, N, channels, strict=first).repeat(2, 1)
        self.first, self.reach = first, reach
        rows = reach if first else reach + 1  # mask A leaves the row itself out
        self.vertical = MaskedConv(N, 2 * N, (rows, kernel), (reach, reach, reach, -1 if first else 0))
        self.horizontal = MaskedConv(N, 2 * N, (1, reach + 1), (reach, 0, 0, 0), own)
        self.across = nn.Conv2d(2 * N, 2 * N, 1)
        self.out = MaskedConv(N, N, (1, 1), (0, 0, 0, 0), group_mask(N, N, channels, strict=False))

    def forward(self, v: Tensor, h: Tensor, given: Tensor) -> tuple[Tensor, Tensor]:
        """`given`: (B, 4N, 1, 1), what the label adds to the vertical and to the horizontal half."""
        to_v, to_h = given.chunk(2, 1)  # (B, 2N, 1, 1) each
        above = self.vertical(v)  # (B, 2N, H, W)
        new = self.out(gate(self.horizontal(h) + self.across(above) + to_h))
        return gate(above + to_v), new if self.first else h + new


class GatedPixelCNN(nn.Module):
    """(B, C, H, W) integers -> (B, K, C, H, W) logits, each of what came before it.

    Args:
        shape: (C, H, W) of a map.
        num_values: K, how many values a number has.
        num_classes: how many classes `label` names; None takes no label.
        width: F, features of a channel's group.
        layers: gated residual layers after the first.
        first_kernel, kernel: side of the neighbourhood in the first layer and in the others, odd.
    """

    def __init__(
        self,
        shape: Sequence[PositiveInt],
        num_values: PositiveInt,
        num_classes: PositiveInt | None = None,
        width: PositiveInt = 64,
        layers: NonNegativeInt = 6,
        first_kernel: PositiveInt = 7,
        kernel: PositiveInt = 5,
    ) -> None:
        super().__init__()
        for name, side in (("first_kernel", first_kernel), ("kernel", kernel)):
            if side % 2 == 0 or side < 3:
                raise ValueError(f"{name}={side}: a neighbourhood has an odd side of 3 or more")
        self.shape, self.num_values, self.num_classes = tuple(shape), num_values, num_classes
        C, N = shape[0], shape[0] * width
        self.embedding = nn.Parameter(torch.randn(C, num_values, width) * 0.1)
        self.layers: Sequence[GatedLayer] = nn.ModuleList(  # type: ignore[assignment]
            GatedLayer(N, C, kernel if i else first_kernel, first=i == 0) for i in range(layers + 1)
        )
        self.label = nn.Embedding(num_classes or 1, len(self.layers) * 4 * N)
        nn.init.zeros_(self.label.weight)
        own = group_mask(N, N, C, strict=False)
        self.head_in = MaskedConv(N, N, (1, 1), (0, 0, 0, 0), own)
        self.head_out = MaskedConv(N, C * num_values, (1, 1), (0, 0, 0, 0), group_mask(C * num_values, N, C, False))

    def embed(self, codes: Tensor) -> Tensor:
        """(B, C, ...) integers -> (B, N, ...): each number's own vector, in its channel's group."""
        groups = [F.embedding(codes[:, c], self.embedding[c]).movedim(-1, 1) for c in range(codes.shape[1])]
        return torch.cat(groups, 1)

    def given(self, label: Tensor | None, batch: int) -> Sequence[Tensor]:
        """What the label adds in each layer, (B, 4N, 1, 1) each."""
        if self.num_classes is not None and label is None:
            raise ValueError(f"a network with num_classes={self.num_classes} needs a label for each image; got none")
        if label is None or self.num_classes is None:
            label = torch.zeros(batch, dtype=torch.int64, device=self.embedding.device)
        return self.label(label)[:, :, None, None].chunk(len(self.layers), 1)

    def head(self, h: Tensor) -> Tensor:
        """(B, N, H, W) -> (B, K, C, H, W)."""
        logits = self.head_out(self.head_in(h.relu()).relu())  # (B, C K, H, W)
        return logits.unflatten(1, (self.shape[0], self.num_values)).transpose(1, 2)

    def forward(self, codes: Tensor, label: Tensor | None = None) -> Tensor:
        v = h = self.embed(codes)  # (B, N, H, W)
        for layer, given in zip(self.layers, self.given(label, len(codes)), strict=True):
            v, h = layer(v, h, given)
        return self.head(h)
