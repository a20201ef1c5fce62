"""Folders of Stable Diffusion's format, and of DDPM's and DDIM's pipelines, as parts of a config.

model_index.json names classes: they are compared with tables here and never imported, and no code of a folder runs.
"""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any, NamedTuple

from genlab.conditioning.depth_estimator import NETWORK, input_settings
from genlab.foreign_folder import content, found, named_class, read_json
from genlab.interop.json_values import JsonValues, is_whole
from genlab.interop.scheduler_configs import Described, Part, described_scheduler
from genlab.notice import Notice

_DEPTH = "genlab.conditioning.depth.DepthConditioner"
_INPAINTING = "genlab.conditioning.inpainting.InpaintingConditioner"
_PICTURE = "genlab.conditioning.picture.PictureConditioner"


class Kind(NamedTuple):
    """What tells the models of one pipeline from those of others."""

    beside: str | None = None
    """The conditioner of what is laid beside the noisy map, if anything is."""
    is_distilled: bool = False


OF_LATENTS = {
    "StableDiffusionPipeline": Kind(), "StableDiffusionImg2ImgPipeline": Kind(),
    "StableDiffusionInpaintPipeline": Kind(_INPAINTING), "StableDiffusionDepth2ImgPipeline": Kind(_DEPTH),
    "StableDiffusionInstructPix2PixPipeline": Kind(_PICTURE),
    "LatentConsistencyModelPipeline": Kind(is_distilled=True),
    "LatentConsistencyModelImg2ImgPipeline": Kind(is_distilled=True),
}  # fmt: skip
"""Pipeline -> its kind; a model is written as the first of its kind."""
OF_PIXELS = ("DDPMPipeline", "DDIMPipeline")
_DROPOUT = 0.1
"""Of captions, in the training of Stable Diffusion: all its models know the empty text."""
_MOST_LEVELS = 10


def described(folder: str | Path) -> dict[str, Any]:
    """The keys of a config of the model in a pipeline's folder: its parts, and `size` of its pictures in pixels.

    Raises:
        ValueError: it is no such folder, lacks a file, or has a part that is not known here.
    """
    path = found(folder)
    if not (path / "model_index.json").is_file():
        raise ValueError(f"{path} is no folder of a pipeline of diffusers: it has no model_index.json")
    kind, index = named_class(path, [*OF_LATENTS, *OF_PIXELS], "model_index.json")
    names = ["unet", "scheduler", *(["vae", "text_encoder", "tokenizer"] if kind in OF_LATENTS else [])]
    for name in names:
        named = index.get(name)
        if not isinstance(named, list) or not named or named[0] is None:
            raise ValueError(f"{path / 'model_index.json'} names no {name}, which a {kind} has")
        if not (path / name).is_dir():
            raise ValueError(f"{path} has no folder {name}, which its model_index.json names")
    scheduler = described_scheduler(path / "scheduler", kind in OF_LATENTS)
    return _of_latents(path, kind, scheduler) if kind in OF_LATENTS else _of_pixels(path, scheduler)


def _of_pixels(path: Path, scheduler: Described) -> dict[str, Any]:
    unet = _config(path / "unet", "UNet2DModel")
    shape = [unet.whole("in_channels", 3), *_sides(unet, None)]
    return {
        **_shared(path, scheduler),
        "conditioner": {"_target_": "genlab.conditioning.unconditional.Unconditional"},
        "codec": {"_target_": "genlab.codecs.identity.Identity"},
        "guidance": {"_target_": "genlab.guidance.unguided.Unguided"},
        "channels": shape[0], "size": _size(shape[1:]), "shape": shape, "clip": scheduler.clip,
    }  # fmt: skip


def _of_latents(path: Path, kind: str, scheduler: Described) -> dict[str, Any]:
    unet = _config(path / "unet", "UNet2DConditionModel")
    vae = _config(path / "vae", "AutoencoderKL", "AutoencoderTiny")
    cells, factor = _sides(unet, 64), _factor(vae)
    channels = vae.whole("latent_channels", 4)
    is_distilled = unet.content.get("time_cond_proj_dim") is not None
    beside = _beside(kind, unet, vae)
    if beside is not None and OF_LATENTS[kind].beside == _DEPTH:
        beside["estimator"] = _depth_estimator(path)
    dropout = 0.0 if is_distilled else _DROPOUT
    text = {
        "_target_": "genlab.conditioning.text.TextConditioner", "text": "${text}", "dropout": dropout, "null": "empty",
        "attend_padding": True,
    }  # fmt: skip
    joined = {"_target_": "genlab.conditioning.joined.Joined", "conditioners": [text, beside]}
    return {
        **_shared(path, scheduler),
        "text": _text(path / "text_encoder"),
        "conditioner": text if beside is None else joined,
        "codec": {
            "_target_": "genlab.codecs.from_folder.LatentMapsFromFolder", **_noted(path / "vae"), "channels": channels,
            "size": _size(cells), "factor": factor,
        },
        "guidance": _guidance(is_distilled, beside), "channels": vae.whole("in_channels", 3),
        "size": _size([side * factor for side in cells]), "shape": None, "clip": None,
    }  # fmt: skip


def _shared(path: Path, scheduler: Described) -> dict[str, Any]:
    return {
        "network": {
            "_target_": "genlab.networks.unet_from_folder.UNetFromFolder", **_noted(path / "unet"), "frozen": True,
        },
        "scheduler": scheduler.scheduler, "parameterization": scheduler.parameterization, "sampler": scheduler.sampler,
    }  # fmt: skip


def _config(folder: Path, *classes: str) -> JsonValues:
    return JsonValues(folder / "config.json", named_class(folder, classes)[1])


def _noted(folder: Path) -> Part:
    return {"folder": str(folder), "sha256": content(folder)}


def _text(folder: Path) -> Part:
    config = _config(folder, "CLIPTextModel", "CLIPTextModelWithProjection")
    return {
        "_target_": "genlab.texts.from_folder.TextFromFolder", **_noted(folder),
        "width": config.whole("hidden_size", 768), "length": config.whole("max_position_embeddings", 77),
    }  # fmt: skip


def _guidance(is_distilled: bool, beside: Part | None) -> Part:
    if is_distilled:
        return {"_target_": "genlab.guidance.distilled.Distilled", "scale": 8.5}
    if beside is not None and beside["_target_"] == _PICTURE:
        return {"_target_": "genlab.guidance.instruct.Instruct", "scale": 7.5, "picture_scale": 1.5}
    return {"_target_": "genlab.guidance.classifier_free.ClassifierFree", "scale": 7.5, "rescale": 0.0}


def _beside(kind: str, unet: JsonValues, vae: JsonValues) -> Part | None:
    """What is laid beside the noisy map of a kind of pipeline; the network must have the input channels for it.

    An inpainting pipeline is known with a network of text alone, too.
    """
    in_channels, channels = unet.whole("in_channels", 4), vae.whole("latent_channels", 4)
    of_conditioners: dict[str | None, tuple[int, Part | None]] = {
        None: (0, None),
        _DEPTH: (1, {"_target_": _DEPTH, "factor": _factor(vae)}),
        _INPAINTING: (1 + channels, {"_target_": _INPAINTING}),
        _PICTURE: (channels, {
            "_target_": _PICTURE, "dropout": _DROPOUT, "divided_by": vae.number("scaling_factor", 0.18215),
        }),
    }  # fmt: skip
    name = OF_LATENTS[kind].beside
    known = [of_conditioners[each] for each in ((name, None) if name == _INPAINTING else (name,))]
    for more, part in known:
        if in_channels == channels + more:
            return part
    few = " or ".join(str(channels + more) for more, _ in known)
    raise ValueError(f"{unet.file} has {in_channels} input channels, and a {kind} of this vae has {few}")


def _depth_estimator(path: Path) -> Part | None:
    """What estimates depths, where the folder has it; a notice says what keeps one that it names from being read."""
    named = read_json(path, "model_index.json").get("depth_estimator")
    if not isinstance(named, list) or not named or named[0] is None:
        return None
    try:
        folder = found(path / "depth_estimator")
        named_class(folder, (NETWORK,))
        input_settings(folder)
        return {"_target_": "genlab.conditioning.depth_estimator.DepthEstimator", **_noted(folder)}
    except ValueError as error:
        warnings.warn(Notice(f"{error}: depths cannot be estimated, and are given (depth=FILE)"), stacklevel=2)
        return None


def _factor(vae: JsonValues) -> int:
    """Pixels of a cell along each side."""
    given = [key for key in ("block_out_channels", "encoder_block_out_channels") if vae.content.get(key)]
    widths = vae.content[given[0]] if given else [0]
    if not isinstance(widths, list) or len(widths) > _MOST_LEVELS:
        raise vae.wrong(given[0], f"a list of at most {_MOST_LEVELS} numbers")
    return int(2 ** (len(widths) - 1))


def _sides(unet: JsonValues, default: int | None) -> list[int]:
    size = unet.content.get("sample_size", default)
    sides = size if isinstance(size, list) else [size, size]
    if len(sides) != 2 or not all(is_whole(side) and side > 0 for side in sides):
        raise unet.wrong("sample_size", "a whole number of 1 or more, or two of them")
    return sides


def _size(sides: list[int]) -> int | list[int]:
    return sides[0] if sides[0] == sides[1] else sides
