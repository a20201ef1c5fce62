"""Layers with an equalised learning rate, and resampling by a binomial filter.

Weights are drawn from N(0, 1) and scaled when they are used, so that Adam moves all of them at one rate (Karras et al.
2018, section 4.1). `rate` multiplies the learning rate of a layer: weights are kept larger by it, and used smaller.

Paper: https://arxiv.org/abs/1710.10196
"""

from __future__ import annotations

import math
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F

Resampling = Literal["up", "down", "none"]
_TAPS = (1.0, 3.0, 3.0, 1.0)


class EqualisedLinear(nn.Module):
    """(batch, before) -> (batch, after): outputs of white inputs have unit variance.

    Args:
        before, after: numbers of features.
        rate: multiplies the learning rate.
        bias: at first.
    """

    def __init__(self, before: int, after: int, rate: float = 1.0, bias: float = 0.0) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(after, before) / rate)
        self.bias = nn.Parameter(torch.full((after,), bias / rate))
        self.rate = rate

    def forward(self, x: Tensor) -> Tensor:
        return F.linear(x, self.weight * (self.rate / math.sqrt(self.weight.shape[1])), self.bias * self.rate)


class EqualisedConv2d(nn.Module):
    """(batch, before, h, w) -> (batch, after, h, w), or both sides doubled or halved; no bias.

    Args:
        before, after: numbers of channels.
        kernel: its side.
        resampling: what is done to the sides.
    """

    def __init__(self, before: int, after: int, kernel: int = 3, resampling: Resampling = "none") -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(after, before, kernel, kernel))
        self.resampling: Resampling = resampling

    def scaled_weight(self) -> Tensor:
        """As it is used: outputs of white inputs have unit variance."""
        return self.weight / math.sqrt(self.weight[0].numel())

    def forward(self, x: Tensor) -> Tensor:
        return convolved(x, self.scaled_weight(), self.resampling)


class Bias(nn.Module):
    """A number a channel, added; then a leaky ReLU of slope 0.2 times the square root of 2, which keeps variance."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.bias = nn.Parameter(torch.zeros(channels))

    def forward(self, x: Tensor) -> Tensor:
        return activated(x + self.bias.view(-1, *[1] * (x.ndim - 2)))


def activated(x: Tensor) -> Tensor:
    """A leaky ReLU of slope 0.2 times the square root of 2."""
    return F.leaky_relu(x, 0.2) * math.sqrt(2)


def convolved(x: Tensor, weight: Tensor, resampling: Resampling = "none") -> Tensor:
    """`x` convolved with `weight` (after, before, k, k), zeros beyond its edges; the sides doubled or halved by it.

    "up" and "down" smooth by the binomial filter 1 3 3 1 after, or before, the convolution (https://arxiv.org/abs/1912.04958,
    appendix B).
    """
    kernel = weight.shape[-1]
    if resampling == "up":
        if kernel == 1:
            return upsampled(F.conv2d(x, weight))
        return _smoothed(F.conv_transpose2d(x, weight.flip(2, 3).transpose(0, 1), stride=2), 1, gain=4.0)
    if resampling == "down":
        if kernel == 1:
            return F.conv2d(downsampled(x), weight)
        return F.conv2d(_smoothed(x, 2), weight, stride=2)
    return F.conv2d(x, weight, padding=kernel // 2)


def upsampled(x: Tensor) -> Tensor:
    """(batch, channels, h, w) -> (batch, channels, 2 h, 2 w), zeros beyond the edges."""
    return F.conv_transpose2d(x, _filter(x) * 4, stride=2, padding=1, groups=x.shape[1])


def downsampled(x: Tensor) -> Tensor:
    """(batch, channels, 2 h, 2 w) -> (batch, channels, h, w), zeros beyond the edges."""
    return F.conv2d(x, _filter(x), stride=2, padding=1, groups=x.shape[1])


def _smoothed(x: Tensor, padding: int, gain: float = 1.0) -> Tensor:
    return F.conv2d(x, _filter(x) * gain, padding=padding, groups=x.shape[1])


def _filter(x: Tensor) -> Tensor:
    """(channels, 1, 4, 4), of sum 1 in each channel."""
    taps = torch.tensor(_TAPS, dtype=x.dtype, device=x.device)
    taps = taps / taps.sum()
    return torch.outer(taps, taps).expand(x.shape[1], 1, -1, -1)
