"""The U-Net of a pipeline that others have trained: diffusers' UNet2DConditionModel or UNet2DModel, from its folder.

Papers: https://arxiv.org/abs/2112.10752, https://arxiv.org/abs/2310.04378
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from genlab.conditions import ConditionTensors
from genlab.foreign_folder import named_class, why_not_trained
from genlab.from_folder import FromFolder
from genlab.networks.conditioned import reads, text_of, with_channels
from genlab.networks.sides import in_a_folder

_OTHER_INPUTS = ("addition_embed_type", "class_embed_type", "encoder_hid_dim", "num_class_embeds")
"""What a config says of networks that are told more than a step, a text and channels, as SDXL's is."""


class UNetFromFolder(FromFolder):
    """(batch, channels, height, width) in and out; it reads what its config.json says.

    A UNet2DConditionModel reads `tokens`, all of them where there is no `mask`. Input channels beyond those of the
    output are the condition's `channels`: 5 for inpainting, 1 for depth, 4 for a source picture. One with
    `time_cond_proj_dim` was distilled for many scales of guidance and reads `guidance_scale` (Luo et al. 2023, "Latent
    consistency models", section 4.3).

    Args:
        folder: has config.json and weights in safetensors, as `unet` of a pipeline.
        sha256: of the folder's content; None for whatever is there.
        frozen: False trains it further: the folder has its first weights, and the run's checkpoints those that it has.

    Raises:
        ValueError: there is no such network in the folder, or it was distilled and is to be trained further.
    """

    division = staticmethod(in_a_folder)

    def __init__(self, folder: str, sha256: str | None = None, frozen: bool = True) -> None:
        super().__init__(folder, sha256, frozen)
        self.unet = self.taken(described_unet(self.folder))
        config: Any = self.unet.config
        self.side_multiple: int = in_a_folder(folder).multiple
        self._condition_channels = max(0, config.in_channels - config.out_channels)
        self._context_width: int | None = config.get("cross_attention_dim")
        self._scale_width: int | None = config.get("time_cond_proj_dim")
        if not frozen and (why := why_not_trained(self.folder)) is not None:
            raise ValueError(why)
        self.reads = reads(channels=self._condition_channels, text=self._context_width is not None)
        if self._scale_width is not None:
            self.reads |= {"guidance_scale"}

    def forward(self, x: Tensor, level: Tensor, condition: ConditionTensors | None = None) -> Tensor:
        """`level` (batch,) the step number."""
        x = with_channels(x, condition, self._condition_channels)
        if self._context_width is None:
            return self.unet(x, level, return_dict=False)[0]
        tokens, mask = text_of(condition, self._context_width)
        told = None if self._scale_width is None else _embedded(_scale_of(condition), self._scale_width)
        return self.unet(
            x, level, tokens, encoder_attention_mask=mask, timestep_cond=told, return_dict=False
        )[0]  # fmt: skip


def described_unet(folder: Path) -> nn.Module:
    """The network that config.json describes, its weights not yet read.

    Raises:
        ValueError: it is none that is known, or reads what no condition here tells.
    """
    from diffusers.models.unets.unet_2d import UNet2DModel
    from diffusers.models.unets.unet_2d_condition import UNet2DConditionModel

    known = {"UNet2DModel": UNet2DModel, "UNet2DConditionModel": UNet2DConditionModel}
    name, config = named_class(folder, known)
    if told := [key for key in _OTHER_INPUTS if config.get(key) is not None]:
        raise ValueError(
            f"{folder / 'config.json'} has {told[0]}: a network that is told more than a text is not known"
        )
    try:
        network: nn.Module = known[name].from_config(config)
    except Exception as error:  # whatever a config from elsewhere leads to
        raise ValueError(f"{folder / 'config.json'} describes no {name}: {type(error).__name__}: {error}") from error
    return network


def _scale_of(condition: ConditionTensors | None) -> Tensor:
    if condition is None or condition.guidance_scale is None:
        raise ValueError("this network was distilled for many scales of guidance: take guidance=distilled")
    return condition.guidance_scale


def _embedded(scale: Tensor, width: int) -> Tensor:
    """(batch, width): sines and cosines of 1000 (scale - 1), as latent consistency models are told the scale."""
    half = width // 2
    frequencies = torch.exp(torch.arange(half, device=scale.device) * (-math.log(10000) / (half - 1)))
    angles = 1000 * (scale - 1)[:, None] * frequencies
    return nn.functional.pad(torch.cat([angles.sin(), angles.cos()], 1), (0, width % 2))
