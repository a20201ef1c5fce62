"""Pictures on which it snows.

Papers: https://arxiv.org/abs/2208.09392, https://arxiv.org/abs/1903.12261
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import interpolate

from genlab.ranges import AnyFloat, ColourValue, PositiveFloat, PositiveInt


@dataclass(frozen=True)
class Snow:
    """(1 - severity) x_0 + severity (sky + flakes), the flakes of each picture drawn at random.

    The snow of Bansal et al. 2022 (appendix A.5) is that of Hendrycks & Dietterich 2019: normal noise, magnified, dark
    parts cut away, smeared along the wind, and laid over the picture twice, the second time upside down. Here it is
    linear in the picture and in the severity, and the picture is gone at the end, so that the step of cold diffusion
    is exact.

    Args:
        sky: the grey that the picture fades to.
        mean, std: of the noise, before it is cut.
        size: of a flake in pixels.
        threshold: of noise that is a flake.
        streak: pixels along which a flake is smeared, one row a pixel; 1 for none.
        brightness: what a flake of noise 1 adds.
    """

    sky: ColourValue = -1.0
    mean: AnyFloat = 0.1
    std: PositiveFloat = 0.8
    size: PositiveInt = 2
    threshold: AnyFloat = 0.5
    streak: PositiveInt = 3
    brightness: PositiveFloat = 1.0

    def __call__(self, x0: Tensor, severity: Tensor) -> Tensor:
        return x0 + severity * (self.sky - x0)

    def remainder(self, noise: Tensor) -> Tensor:
        """Flakes, the same in all channels, made of the first numbers of `noise` (batch, channel, height, width)."""
        height, width = noise.shape[-2:]
        coarse = noise[:, :1, : -(-height // self.size), : -(-width // self.size)]
        flakes = interpolate(self.mean + self.std * coarse, scale_factor=float(self.size), mode="bilinear")
        flakes = flakes[..., :height, :width]
        flakes = torch.where(flakes < self.threshold, 0.0, flakes)
        flakes = sum((flakes.roll((k, -k), (-2, -1)) for k in range(self.streak)), torch.zeros_like(flakes))
        flakes = flakes / self.streak
        return (self.brightness * (flakes + flakes.flip(-2, -1))).expand_as(noise)
