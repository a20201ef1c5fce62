"""The autoencoders of diffusers: AutoencoderKL, that of Stable Diffusion, and the small AutoencoderTiny.

Papers: https://arxiv.org/abs/2112.10752; AutoencoderTiny reads the files of https://github.com/madebyollin/taesd
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from genlab.networks.sides import between_levels
from genlab.networks.unet import check_groups
from genlab.picture_size import Size, height_and_width, shortest
from genlab.ranges import PositiveInt


class AutoencoderKLNetwork(nn.Module):
    """diffusers' AutoencoderKL between pictures and the moments of a map, for codecs that others are to read.

    It trains about ten times slower than `networks.latent_map` at the same quality. Each level but the last halves both
    sides: three widths make maps of a fourth.

    Args:
        channels, size: of the pictures.
        block_out_channels: the width of each level, from the full resolution down.
        latent_channels: of the map.
        layers_per_block: residual blocks at each level.
        norm_groups: groups of the group normalisation; it divides all widths.
        middle_attention: whether the lowest level has self-attention.
    """

    division = staticmethod(between_levels)

    def __init__(
        self,
        channels: PositiveInt,
        size: Size,
        block_out_channels: list[PositiveInt],
        latent_channels: PositiveInt = 4,
        layers_per_block: PositiveInt = 1,
        norm_groups: PositiveInt = 16,
        middle_attention: bool = False,
    ) -> None:
        super().__init__()
        from diffusers.models.autoencoders.autoencoder_kl import AutoencoderKL

        check_groups(block_out_channels, norm_groups)
        levels = len(block_out_channels)
        self.shape = (channels, *height_and_width(size))
        self.latent_shape = (latent_channels, *self.division(block_out_channels).smallest(size))
        self.vae = AutoencoderKL(
            in_channels=channels,
            out_channels=channels,
            down_block_types=("DownEncoderBlock2D",) * levels,
            up_block_types=("UpDecoderBlock2D",) * levels,
            block_out_channels=tuple(block_out_channels),
            layers_per_block=layers_per_block,
            latent_channels=latent_channels,
            norm_num_groups=norm_groups,
            sample_size=shortest(size),
            scaling_factor=1.0,
            mid_block_add_attention=middle_attention,
        )

    @property
    def last(self) -> Tensor:
        """The weights of the decoder's last convolution."""
        return self.vae.decoder.conv_out.weight

    def encode(self, x: Tensor) -> Tensor:
        """(batch, channels, height, width) -> (batch, 2 * latent_channels, ...): means, then log variances."""
        return self.vae.encode(x).latent_dist.parameters

    def decode(self, z: Tensor) -> Tensor:
        """(batch, latent_channels, ...) -> (batch, channels, height, width), unbounded."""
        return self.vae.decode(z).sample

    @torch.no_grad()
    def to_diffusers(self, mean: Tensor, std: Tensor) -> Any:
        """A copy of the AutoencoderKL whose maps are (map - mean) / std, so that its scaling factor is 1.

        Both 1x1 convolutions between the map and the rest take the numbers in: exactly, but for rounding.

        Args:
            mean, std: of each channel of the map, (latent_channels,) each.
        """
        from copy import deepcopy

        vae = deepcopy(self.vae)
        moments, back = vae.quant_conv, vae.post_quant_conv
        scale = torch.cat([1 / std, torch.ones_like(std)])
        moments.weight.mul_(scale[:, None, None, None])
        moments.bias.mul_(scale).sub_(torch.cat([mean / std, 2 * std.log()]))
        back.bias.add_(back.weight[:, :, 0, 0] @ mean)
        back.weight.mul_(std[None, :, None, None])
        return vae


class DescribedAutoencoder(nn.Module):
    """An AutoencoderKL or AutoencoderTiny as its config.json describes it, between pictures and what diffusion sees.

    A map of diffusion is (map - shift) * scale of the autoencoder's own: scaling_factor, shift_factor, latents_mean and
    latents_std of the config say so. AutoencoderTiny gives maps that are scaled already.

    Args:
        name: the class.
        config: what is in config.json.

    Raises:
        ValueError: the config does not describe one.
    """

    shift: Tensor
    scale: Tensor

    def __init__(self, name: str, config: dict[str, Any]) -> None:
        super().__init__()
        from diffusers.models.autoencoders.autoencoder_kl import AutoencoderKL
        from diffusers.models.autoencoders.autoencoder_tiny import AutoencoderTiny

        kind = {"AutoencoderKL": AutoencoderKL, "AutoencoderTiny": AutoencoderTiny}[name]
        try:
            self.vae: Any = kind.from_config(config)
            described = self.vae.config
            widths = described.get("block_out_channels") or described["encoder_block_out_channels"]
            self.channels, self.latent_channels = int(described["in_channels"]), int(described["latent_channels"])
            shift, scale = _normalisation(described, self.latent_channels)
        except (ArithmeticError, LookupError, TypeError, ValueError, RuntimeError) as error:
            reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
            raise ValueError(f"config.json does not describe an {name}: {reason}") from error
        self.factor = 2 ** (len(widths) - 1)
        self.register_buffer("shift", shift, persistent=False)
        self.register_buffer("scale", scale, persistent=False)

    def latents(self, x: Tensor) -> Tensor:
        """Pictures -> maps as diffusion sees them: of the mean of the posterior, where there is one."""
        encoded = self.vae.encode(x)
        z = encoded.latents if hasattr(encoded, "latents") else encoded.latent_dist.mean
        return (z - self.shift) * self.scale

    def from_latents(self, z: Tensor) -> Tensor:
        """Maps as diffusion sees them -> pictures in [-1, 1]."""
        return self.vae.decode(z / self.scale + self.shift).sample.clamp(-1, 1)


def _normalisation(config: Any, channels: int) -> tuple[Tensor, Tensor]:
    """shift and scale, (1 or channels, 1, 1) each."""
    factor = float(config.get("scaling_factor", 1.0))
    mean, std = config.get("latents_mean"), config.get("latents_std")
    if mean is None or std is None:
        shift, scale = torch.tensor([float(config.get("shift_factor") or 0.0)]), torch.tensor([factor])
    else:
        shift, scale = torch.tensor(mean).float(), factor / torch.tensor(std).float()
        if shift.shape != (channels,) or scale.shape != (channels,):
            raise ValueError(f"latents_mean and latents_std must have {channels} numbers, one for each channel")
    if not bool((shift.isfinite() & scale.isfinite() & (scale > 0)).all()):
        raise ValueError(
            "scaling_factor, shift_factor, latents_mean and latents_std must be finite, and scales positive"
        )
    return shift[:, None, None], scale[:, None, None]
