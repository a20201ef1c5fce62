"""Path length regularisation of a style-based generator.

Paper: https://arxiv.org/abs/1912.04958
"""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor, nn

from genlab.ranges import PositiveFloat, PositiveInt, Share

_RATE = 0.01
"""Of the mean length, for each time that it is measured."""


class PathLength(nn.Module):
    """A step in W is to change the picture by a fixed distance, whatever the style and the direction.

    (|J' y| - a)^2 with J the Jacobian of pictures by styles, y a picture of noise, and a the mean length so far (Karras
    et al. 2020, section 3.2). The mean is a buffer, so that an interrupted training goes on with it.

    Args:
        weight: of the penalty.
        interval: it is computed in every so many-th step of the generator, and counts so many times there.
        share: of the batch that it is computed for.
    """

    mean: Tensor

    def __init__(self, weight: PositiveFloat = 2.0, interval: PositiveInt = 8, share: Share = 0.5) -> None:
        super().__init__()
        self.weight, self.interval, self.share = weight, interval, share
        self.register_buffer("mean", torch.zeros(()))

    def forward(self, picture: Callable[[Tensor], Tensor], styles: Tensor) -> Tensor:
        """The penalty without its weight, a scalar, at styles (batch, num_styles, style_size)."""
        styles = styles[: max(1, round(len(styles) * self.share))]
        images = picture(styles)
        noise = torch.randn_like(images) / math.sqrt(images.shape[-2] * images.shape[-1])
        (slopes,) = torch.autograd.grad((images * noise).sum(), styles, create_graph=True)
        lengths = slopes.square().sum(2).mean(1).sqrt()  # (batch,)
        mean = self.mean.lerp(lengths.detach().mean(), _RATE)
        self.mean.copy_(mean)
        return (lengths - mean).square().mean()
