"""Pictures as the latent maps of a trained autoencoder: what latent diffusion is done to.

Paper: https://arxiv.org/abs/2112.10752 (Rombach et al. 2022, section 3.1 and appendix G)
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor, nn

from genlab.first_stage import trained
from genlab.picture_size import Size, height_and_width
from genlab.ranges import PositiveInt

_SMALLEST = 1e-6


class LatentMaps(nn.Module):
    """Picture -> map of floats (batch, channels, height, width) -> picture, by an autoencoder that is frozen.

    Each channel is shifted and scaled to mean 0 and standard deviation 1 on training data, measured once, before the
    first step; the two numbers are kept as buffers. The autoencoder is saved with the model that uses it, so that its
    pictures need nothing else. It works in float32 whatever the precision of the training.

    Args:
        first: the autoencoder: a module with `latent_shape`, `latents` and `from_latents` (`protocols.HasLatents`).
        channels, size: of a map; a model's network takes them from here: `network.channels=${codec.channels}`.
        factor: how many pixels a cell of the map has along each side.
        checkpoint: file with the autoencoder's weights; None takes `first` as it is.

    Raises:
        ValueError: the autoencoder's maps are of another shape.
    """

    of_pixels = False
    dtype = torch.float32
    mean: Tensor
    std: Tensor
    measured: Tensor

    def __init__(
        self, first: nn.Module, channels: PositiveInt, size: Size, factor: PositiveInt, checkpoint: str | None = None
    ) -> None:
        super().__init__()
        self.first: Any = trained(first, checkpoint, "codec.checkpoint", "the first stage")
        self.shape: tuple[int, int, int] = (channels, *height_and_width(size))
        self.factor = factor
        if (latent_shape := getattr(first, "latent_shape", None)) is None:
            raise ValueError(f"codec=latent: {type(first).__name__} has no latent maps of floats")
        if tuple(latent_shape) != self.shape:
            has = " x ".join(map(str, latent_shape))
            own = f"codec.channels={channels} and codec.factor={factor} ask for {' x '.join(map(str, self.shape))}"
            raise ValueError(f"{own}, and the first stage's maps are {has}: channels, height, width")
        self.register_buffer("mean", torch.zeros(channels, 1, 1))
        self.register_buffer("std", torch.ones(channels, 1, 1))
        self.register_buffer("measured", torch.tensor(False))

    def train(self, mode: bool = True) -> LatentMaps:
        """Stay in evaluation mode."""
        return super().train(False)

    @torch.no_grad()
    def moments(self, data: Iterable[Tensor]) -> Tensor:
        """(2, channels): mean and mean square of the autoencoder's numbers over batches of data."""
        sums, count = torch.zeros(2, self.shape[0], dtype=torch.float64), 0
        for x in data:
            z = self._latents(x.to(self.mean.device)).double()
            sums += torch.stack([z.sum((0, 2, 3)), z.square().sum((0, 2, 3))]).cpu()
            count += z.numel() // self.shape[0]
        return sums / count

    def scale_by(self, moments: Tensor) -> None:
        """Take the `moments` of the training data as those that become 0 and 1."""
        mean, square = moments.to(self.mean.device)
        self.mean.copy_(mean[:, None, None])
        self.std.copy_((square - mean.square()).clamp_min(_SMALLEST**2).sqrt()[:, None, None])
        self.measured.fill_(True)

    def encode(self, x: Tensor) -> Tensor:
        """(batch, channel, height, width) in [-1, 1] -> (batch, channels, height, width), each channel of unit size."""
        return (self._latents(x) - self.mean) / self.std

    def decode(self, z: Tensor) -> Tensor:
        """The picture of a map, in [-1, 1]."""
        with torch.autocast(z.device.type, enabled=False):
            return self.first.from_latents(z.float() * self.std + self.mean)

    def to_diffusers(self) -> Any:
        """The autoencoder as diffusers' AutoencoderKL, whose maps are those of `encode`: its scaling factor is 1.

        Raises:
            ValueError: the autoencoder has another network than that one.
        """
        network: Any = getattr(self.first, "network", None)
        if not hasattr(network, "to_diffusers"):
            raise ValueError(
                f"the first stage is a {type(self.first).__name__} with {type(network).__name__}, which diffusers does "
                "not have: an autoencoder with network=autoencoder_kl can be written in its format"
            )
        return network.to_diffusers(self.mean.flatten(), self.std.flatten())

    def _latents(self, x: Tensor) -> Tensor:
        with torch.autocast(x.device.type, enabled=False):
            return self.first.latents(x.float())
