"""Pictures as the latent maps of an autoencoder in a folder that diffusers, or another tool, has written.

Paper: https://arxiv.org/abs/2112.10752
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from genlab.foreign_folder import named_class
from genlab.from_folder import FromFolder
from genlab.networks.autoencoder_kl import DescribedAutoencoder
from genlab.picture_size import Size, height_and_width
from genlab.ranges import PositiveInt


class LatentMapsFromFolder(FromFolder):
    """Picture -> map of floats (batch, channels, height, width) -> picture, by an AutoencoderKL or AutoencoderTiny.

    The maps are the mean of the posterior, scaled as the folder's config.json says; AutoencoderTiny has no posterior.
    It works in float32 whatever the precision of the training: in half precision some of these overflow.

    Args:
        folder: has config.json and weights in safetensors.
        channels, size: of a map; a model's network takes them from here: `network.channels=${codec.channels}`.
        factor: how many pixels a cell of the map has along each side.
        sha256: of the folder's content; None for whatever is there.

    Raises:
        ValueError: there is no such autoencoder in the folder, or its maps are of another shape.
    """

    of_pixels = False
    dtype = torch.float32

    def __init__(
        self, folder: str, channels: PositiveInt, size: Size, factor: PositiveInt, sha256: str | None = None
    ) -> None:
        super().__init__(folder, sha256)
        name, config = named_class(self.folder, ("AutoencoderKL", "AutoencoderTiny"))
        try:
            self.first = DescribedAutoencoder(name, config).requires_grad_(False)
        except ValueError as error:
            raise ValueError(f"{self.folder}: {error}") from error
        self.taken(self.first.vae)
        has = f"codec.channels={self.first.latent_channels} and codec.factor={self.first.factor}"
        if (self.first.latent_channels, self.first.factor) != (channels, factor):
            raise ValueError(
                f"codec.channels={channels} and codec.factor={factor}: the maps of {self.folder} have {has}"
            )
        self.shape: tuple[int, int, int] = (channels, *height_and_width(size))
        self.factor = factor

    def encode(self, x: Tensor) -> Tensor:
        """(batch, channel, height, width) in [-1, 1] -> (batch, channels, height / factor, width / factor)."""
        if x.shape[1] != self.first.channels:
            raise ValueError(
                f"{self.folder} takes pictures of {self.first.channels} channels, and these have {x.shape[1]}"
            )
        with torch.autocast(x.device.type, enabled=False):
            return self.first.latents(x.float())

    def decode(self, z: Tensor) -> Tensor:
        """The picture of a map, in [-1, 1]."""
        with torch.autocast(z.device.type, enabled=False):
            return self.first.from_latents(z.float())

    def to_diffusers(self) -> Any:
        """The autoencoder as diffusers has it, with the scaling of its config."""
        return self.first.vae
