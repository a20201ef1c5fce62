"""How a style acts on a map: weights scaled and normalised for each item (StyleGAN 2, 3), or statistics set (1)."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from genlab.networks.stylegan.equalised import EqualisedConv2d, EqualisedLinear, Resampling


class ModulatedConv2d(nn.Module):
    """A convolution whose weights are scaled by a style, channel by channel of its input, and then have unit norm.

    Weights w_ij k become w'_ijk = s_i w_ijk and w''_ijk = w'_ijk / sqrt(sum_ik w'_ijk^2) (Karras et al. 2020, equations
    1 and 3), for each item its own. Computed without them: the input is scaled by s, convolved with one weight for all,
    and the output divided by the norms, which is the same and takes one convolution.

    Paper: https://arxiv.org/abs/1912.04958

    Args:
        before, after: numbers of channels.
        style_size: numbers of a style.
        kernel: its side.
        resampling: what is done to the sides.
        demodulated: whether weights are brought to unit norm.
    """

    def __init__(
        self, before: int, after: int, style_size: int, kernel: int = 3, resampling: Resampling = "none",
        demodulated: bool = True,
    ) -> None:  # fmt: skip
        super().__init__()
        self.scales = EqualisedLinear(style_size, before, bias=1.0)
        self.convolution = EqualisedConv2d(before, after, kernel, resampling)
        self.demodulated = demodulated

    def forward(self, x: Tensor, style: Tensor) -> Tensor:
        """Maps (batch, before, h, w) and styles (batch, style_size)."""
        scales = self.scales(style)  # (batch, before)
        out: Tensor = self.convolution(x * scales[:, :, None, None])
        return out * self._norms(scales).reciprocal()[:, :, None, None] if self.demodulated else out

    def weights(self, style: Tensor) -> Tensor:
        """(batch, after, before, kernel, kernel): what each item is convolved with."""
        scales = self.scales(style)
        weights = self.convolution.scaled_weight() * scales[:, None, :, None, None]
        return weights / self._norms(scales)[:, :, None, None, None] if self.demodulated else weights

    def _norms(self, scales: Tensor) -> Tensor:
        """(batch, after): the Euclidean norm of each output's weights."""
        squares = self.convolution.scaled_weight().square().sum((2, 3))  # (after, before)
        return (scales.square() @ squares.T + 1e-8).sqrt()


class AdaptiveNorm(nn.Module):
    """AdaIN: each channel of each item is normalised, then has the scale and the mean that the style says.

    Equation 1 of https://arxiv.org/abs/1812.04948 (Karras et al. 2019).
    """

    def __init__(self, channels: int, style_size: int) -> None:
        super().__init__()
        self.scale_and_mean = EqualisedLinear(style_size, 2 * channels)

    def forward(self, x: Tensor, style: Tensor) -> Tensor:
        """Maps (batch, channels, h, w) and styles (batch, style_size)."""
        scale, mean = self.scale_and_mean(style)[:, :, None, None].chunk(2, 1)
        variance, centre = torch.var_mean(x, (2, 3), correction=0, keepdim=True)
        return (x - centre) * (variance + 1e-8).rsqrt() * (scale + 1) + mean
