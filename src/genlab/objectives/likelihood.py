"""p(x | decoder output): how likely an image is under what a decoder says of it.

Images are (batch, channel, height, width) in [-1, 1]. Every likelihood reads one number a pixel and channel from the
decoder, `output` of the same shape as `x`; what else it needs (a scale) is its own. Nats are summed over pixels
and channels, one figure an image.

Papers: https://arxiv.org/abs/1907.06845, https://arxiv.org/abs/2006.13202, https://arxiv.org/abs/1606.04934
"""

from __future__ import annotations

import math
from typing import Protocol

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from genlab.ranges import PositiveFloat, PositiveInt


class PixelLikelihood(Protocol):
    """What a family asks of a likelihood."""

    discrete: bool
    """Whether its nats are those of a probability of the 8-bit picture, which can be said in bits per dimension."""

    def nll(self, output: Tensor, x: Tensor) -> Tensor:
        """(batch,): -log p(x | output), summed over everything but the batch."""
        ...

    def mean(self, output: Tensor) -> Tensor:
        """The expected image, in [-1, 1], same shape."""
        ...


class Bernoulli(nn.Module):
    """Each pixel is a coin whose logit the decoder gives; [-1, 1] is read as [0, 1].

    On black and white pixels this is a probability. On grey ones it is the customary cross-entropy, and not the
    logarithm of a normalised density: its minimum is the entropy of the greys and not 0, and its figures
    compare with other Bernoulli figures only (Loaiza-Ganem and Cunningham 2019, "The continuous Bernoulli").
    """

    discrete = False

    def nll(self, output: Tensor, x: Tensor) -> Tensor:
        pixels = F.binary_cross_entropy_with_logits(output, (x + 1) / 2, reduction="none")
        return pixels.flatten(1).sum(1)

    def mean(self, output: Tensor) -> Tensor:
        return 2 * output.sigmoid() - 1


class Gaussian(nn.Module):
    """Each pixel is normal around the decoder's output, with one standard deviation for all.

    A density, in the units of [-1, 1], so its nats may be negative. With `learned` the standard deviation is a
    parameter trained with the rest, which balances reconstruction against KL by itself (Rybkin et al. 2021, "Simple
    and effective VAE training with calibrated decoders", section 4).

    Args:
        sigma: the standard deviation of a pixel in [-1, 1]; where training begins if learned.
        learned: train it.
    """

    discrete = False

    def __init__(self, sigma: PositiveFloat = 0.2, learned: bool = False) -> None:
        super().__init__()
        self.log_sigma = nn.Parameter(torch.tensor(math.log(sigma)), requires_grad=learned)

    def nll(self, output: Tensor, x: Tensor) -> Tensor:
        error = ((x - output) * torch.exp(-self.log_sigma)).square()
        return (0.5 * error + self.log_sigma + 0.5 * math.log(2 * math.pi)).flatten(1).sum(1)

    def mean(self, output: Tensor) -> Tensor:
        return output.clamp(-1, 1)


class DiscretizedLogistic(nn.Module):
    """Each pixel is one of 256 greys, whose probabilities are a logistic distribution's over the grey's bin.

    A probability: 256 values of a pixel sum to one, so its nats are those of the stored picture and can be compared
    with those of other models of 8-bit pixels. The scale is one for each channel and learned
    (Kingma et al. 2016, "Improved variational inference with inverse autoregressive flow", appendix B).

    Args:
        channels: of the images.
        scale: the logistic's scale in [-1, 1], where training begins.
    """

    discrete = True

    def __init__(self, channels: PositiveInt, scale: PositiveFloat = 0.1) -> None:
        super().__init__()
        self.log_scale = nn.Parameter(torch.full((channels, 1, 1), math.log(scale)))

    def nll(self, output: Tensor, x: Tensor) -> Tensor:
        inverse = torch.exp(-self.log_scale)
        above, below = (x - output + 1 / 255) * inverse, (x - output - 1 / 255) * inverse
        # log(sigmoid(a) - sigmoid(b)) = log sigmoid(a) + log sigmoid(-b) + log(1 - exp(b - a)), free of cancellation
        inner = F.logsigmoid(above) + F.logsigmoid(-below) + torch.log(-torch.expm1(below - above))
        log_p = torch.where(x < -0.999, F.logsigmoid(above), torch.where(x > 0.999, F.logsigmoid(-below), inner))
        return -log_p.flatten(1).sum(1)

    def mean(self, output: Tensor) -> Tensor:
        return output.clamp(-1, 1)
