"""How samples of a style-based generator are made: how far from the mean style, and with which noise."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from genlab.protocols import StyleBased
from genlab.randomness import PerImage, Randomness, randn
from genlab.ranges import NonNegativeFloat

_SEED = 0


@dataclass(frozen=True)
class LatentSampler:
    """Pictures of styles that are drawn towards the mean style: w' = mean + truncation (w - mean).

    The truncation trick in W (Karras et al. 2019, appendix B): less varied samples that are more typical.

    Paper: https://arxiv.org/abs/1812.04948

    Args:
        truncation: 0 gives the picture of the mean style, 1 changes nothing.
        noise: random: each picture has its own; fixed: all have the same; none: they have none.
    """

    truncation: NonNegativeFloat = 1.0
    noise: Literal["random", "fixed", "none"] = "random"

    def styles(self, network: StyleBased, z: Tensor, label: Tensor | None = None) -> Tensor:
        """(batch, num_styles, style_size): truncated."""
        return torch.lerp(network.mean_style, network.styles(z, label), self.truncation)

    def pictures(self, network: StyleBased, styles: Tensor, generator: Randomness = None) -> Tensor:
        """(batch, *shape): of styles as they are, with noise."""
        if self.noise == "none":
            return network.picture(styles)
        if self.noise == "random":
            return network.picture(styles, lambda shape: randn(shape, generator, styles.device))
        same = PerImage.range(_SEED, 0, 1, styles.device)

        def drawn(shape: Sequence[int]) -> Tensor:
            return same.normal((1, *shape[1:])).expand(*shape)

        return network.picture(styles, drawn)
