"""Networks that grow while they are trained, from few pixels to all: progressive growing.

A network that grows says through how many levels, `growing_levels`, and its calls take `depth`, how far it has grown.
A depth of 1 doubles, or halves, both sides of maps once; of 1.3 takes 0.3 of what a depth of 2 would give, and 0.7 of
that of 1. Pictures always have all pixels: those that are drawn repeat theirs, those that are judged are averaged
first.

Paper: https://arxiv.org/abs/1710.10196 (Karras et al. 2018, section 2)
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from genlab.protocols import StyleBased


def depth_at(seen: int, images: int, levels: int) -> float:
    """How far networks have grown after so many images: each depth is trained for `images`, and faded in for as many.

    0 at first; then it rises by 1 in every second phase.
    """
    phase, part = divmod(seen, images)
    return min(phase // 2 + (part / images if phase % 2 else 0), levels)


def as_grown(x: Tensor, depth: float, levels: int) -> Tensor:
    """Real images (batch, channels, h, w) with the details of that depth, faded in as generated ones are."""
    top = math.ceil(depth)
    if top > 0 and (share := depth - top + 1) < 1:
        x = torch.lerp(with_pixels_of(x, levels - top + 1), with_pixels_of(x, levels - top), share)
    return x


def with_pixels_of(x: Tensor, halvings: int) -> Tensor:
    """The same size, each square of 2^halvings pixels filled with its mean."""
    side = 2**halvings
    return F.interpolate(F.avg_pool2d(x, side), scale_factor=side)


class AtDepth:
    """A style-based network as far as it has grown; the same protocol, `StyleBased`.

    It has all styles of the whole network, of which later ones act on layers that are not there yet.
    """

    def __init__(self, network: Any, depth: float) -> None:
        self.network, self.depth = network, depth
        self.mean_style: Tensor = network.mean_style
        self.num_styles: int = network.num_styles

    def styles(self, z: Tensor, label: Tensor | None = None) -> Tensor:
        """(batch, num_styles, style_size)."""
        styles: Tensor = self.network.styles(z, label)
        return styles

    def picture(self, styles: Tensor, draw: Callable[[Sequence[int]], Tensor] | None = None) -> Tensor:
        """(batch, *shape), with all pixels."""
        picture: Tensor = self.network.picture(styles, draw, self.depth)
        return picture


def require_growing(generator: object, discriminator: object) -> int:
    """The levels that both grow through.

    Raises:
        ValueError: one of them does not grow, or not as far as the other.
    """
    levels = [getattr(network, "growing_levels", 0) for network in (generator, discriminator)]
    if not isinstance(generator, StyleBased) or 0 in levels or levels[0] != levels[1]:
        raise ValueError(
            "model.growing_images needs two networks that grow through the same levels: "
            f"generator.output=grown and discriminator.grows=true; theirs are {levels[0]} and {levels[1]}"
        )
    return levels[0]
