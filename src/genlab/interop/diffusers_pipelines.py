"""Trained models as diffusers pipelines, and pipelines as models."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from torch import Tensor, nn

from genlab.conditions import ConditionTensors
from genlab.denoisers.denoiser import Denoiser
from genlab.interop.diffusers_schedulers import from_diffusers, to_diffusers
from genlab.networks.unet import UNet
from genlab.processes.gaussian import Gaussian


def to_pipeline(denoiser: Denoiser, clip: bool = True) -> Any:
    """A DDIMPipeline of an unconditional U-Net on discrete steps; `save_pretrained` writes it to a folder.

    From the same noise its steps are those of `sampler=ddim`, with `use_clipped_model_output=True`; with learnt
    variances it is a DDPMPipeline, and they are those of `sampler=ddpm`. `diffusers_lines` gives it the noise.

    Raises:
        ValueError: the network is not such a U-Net, or diffusers has no scheduler like the process.
    """
    from diffusers.pipelines import DDIMPipeline, DDPMPipeline
    from diffusers.schedulers import DDPMScheduler

    network = denoiser.network
    if not isinstance(network, UNet) or network.reads:
        raise ValueError(f"only an unconditional network=unet can become a DDIMPipeline, not {type(network).__name__}")
    scheduler = to_diffusers(denoiser.process.schedule, denoiser.parameterization, clip)
    kind = DDPMPipeline if isinstance(scheduler, DDPMScheduler) else DDIMPipeline
    return kind(unet=network.unet, scheduler=scheduler)


def from_pipeline(folder: str | Path) -> Denoiser:
    """The denoiser of a pipeline's folder with `unet` (a UNet2DModel) and `scheduler`: DDPM's, DDIM's and their like.

    Weights are read from `*.safetensors` alone, which can hold no code.

    Raises:
        ValueError: its network or its scheduler is not known.
        OSError: a file is missing.
    """
    from diffusers.models.unets.unet_2d import UNet2DModel
    from diffusers.pipelines import DiffusionPipeline

    pipeline = DiffusionPipeline.from_pretrained(str(folder), local_files_only=True, use_safetensors=True)
    if not isinstance(pipeline.unet, UNet2DModel):
        raise ValueError(f"{folder} has the network {type(pipeline.unet).__name__}; UNet2DModel is what is known here")
    schedule, parameterization = from_diffusers(pipeline.scheduler)
    return Denoiser(Imported(pipeline.unet), Gaussian(schedule), parameterization)


class Imported(nn.Module):
    """A UNet2DModel with genlab's interface of networks; unconditional.

    Args:
        unet: of diffusers.
    """

    def __init__(self, unet: nn.Module) -> None:
        super().__init__()
        self.unet = unet

    def forward(self, x: Tensor, level: Tensor, condition: ConditionTensors | None = None) -> Tensor:
        return self.unet(x, level, return_dict=False)[0]
