"""Sampling a gated PixelCNN without computing anything twice.

The plain way runs the whole network once for each number of a map. Here the features of finished positions are
kept: the vertical stack is computed once for a row, from the rows above, the horizontal stack once for a position (and
channel), from the features to its left. Shapes as in networks.pixelcnn.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F

from genlab.networks.pixelcnn import GatedLayer, GatedPixelCNN, MaskedConv, gate
from genlab.randomness import Randomness, categorical, rand


class _Taps(NamedTuple):
    """A masked convolution for one position: its window, flattened, times a matrix."""

    matrix: Tensor
    bias: Tensor | None

    @classmethod
    def of(cls, conv: MaskedConv) -> _Taps:
        return cls(conv.weight.flatten(1), conv.bias)

    def __call__(self, window: Tensor) -> Tensor:
        return F.linear(window.flatten(1), self.matrix, self.bias)


class _Layer:
    """A layer with what it has seen: its vertical input of the last rows, its horizontal input of this row."""

    def __init__(self, layer: GatedLayer, given: Tensor, batch: int, features: int, width: int) -> None:
        reach = layer.reach
        self.layer, self.reach = layer, reach
        to_v, to_h = given.chunk(2, 1)
        self.to_v, self.to_h = to_v, to_h
        self.weight = layer.vertical.weight  # (2N, N, rows, kernel)
        self.horizontal, self.out = _Taps.of(layer.horizontal), _Taps.of(layer.out)
        self.rows = given.new_zeros(batch, features, self.weight.shape[2], width + 2 * reach)
        self.columns = given.new_zeros(batch, features, width + reach)

    def take_row(self, row: Tensor) -> None:
        """Append a row (B, N, W) to the vertical input and forget the oldest."""
        self.rows = self.rows.roll(-1, dims=2)
        self.rows[:, :, -1, self.reach : self.rows.shape[3] - self.reach] = row

    def vertical_row(self) -> Tensor:
        """The vertical stack's output in this row, (B, N, W); keeps what it says to the horizontal one."""
        above = F.conv2d(self.rows, self.weight, self.layer.vertical.bias)  # (B, 2N, 1, W)
        self.from_above = (self.layer.across(above) + self.to_h)[:, :, 0]  # (B, 2N, W)
        return gate(above + self.to_v)[:, :, 0]

    def take(self, j: int, h: Tensor) -> None:
        """Write down the horizontal input (B, N) at column j."""
        self.columns[:, :, self.reach + j] = h

    def horizontal_at(self, j: int, h: Tensor) -> Tensor:
        """The horizontal stack's output at column j, (B, N), from its input there."""
        self.take(j, h)
        new = self.out(gate(self.horizontal(self.columns[:, :, j : j + self.reach + 1]) + self.from_above[:, :, j]))
        return new if self.layer.first else h + new


@torch.no_grad()
def sample(
    network: GatedPixelCNN,
    n: int,
    label: Tensor | None = None,
    *,
    temperature: float = 1.0,
    generator: Randomness = None,
) -> Tensor:
    """(n, C, H, W) integers drawn from the network's distribution.

    Args:
        network: what predicts each number.
        n: how many maps.
        label: (n,) classes, for a network that takes them.
        temperature: the logits are divided by it; below 1 likely values become likelier.
        generator: one uniform number for each number of a map comes from it.
    """
    C, H, W = network.shape
    device = network.embedding.device
    uniform = rand((n, H, W, C), generator, device)
    codes = torch.zeros(n, C, H, W, dtype=torch.int64, device=device)
    features = C * network.embedding.shape[2]
    parts = zip(network.layers, network.given(label, n), strict=True)
    layers = [_Layer(layer, given, n, features, W) for layer, given in parts]
    head_in, head_out = _Taps.of(network.head_in), _Taps.of(network.head_out)
    for i in range(H):
        _begin_row(network, layers, codes, i)
        for j in range(W):
            for c in range(C):
                h = network.embed(codes[:, :, i, j])  # (n, N)
                for layer in layers:
                    h = layer.horizontal_at(j, h)
                logits = head_out(head_in(h.relu()).relu()).unflatten(1, (C, -1))[:, c]
                codes[:, c, i, j] = categorical(logits / temperature, uniform[:, i, j, c])
            layers[0].take(j, network.embed(codes[:, :, i, j]))  # all of it known now, for the columns to come
    return codes


def _begin_row(network: GatedPixelCNN, layers: Sequence[_Layer], codes: Tensor, i: int) -> None:
    """The vertical stack for row i, of which nothing is known yet: the first layer reads the rows above."""
    if i:
        layers[0].take_row(network.embed(codes[:, :, i - 1]))
    row = None
    for layer in layers:
        if row is not None:
            layer.take_row(row)
        row = layer.vertical_row()
        layer.columns.zero_()
