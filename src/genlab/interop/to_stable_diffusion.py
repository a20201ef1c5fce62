"""Models that are trained or imported here as folders of Stable Diffusion's format."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from genlab.atomic import replacing_folder, write_json
from genlab.conditioning.depth_estimator import NETWORK
from genlab.conditioning.joined import Joined
from genlab.conditioning.text import TextConditioner
from genlab.denoisers.latent_consistency import LatentConsistency
from genlab.denoisers.learned_variance import LearnedVariance
from genlab.foreign_folder import read_json, tokenizer_of
from genlab.interop.diffusers_schedulers import to_diffusers
from genlab.interop.stable_diffusion import OF_LATENTS, Kind
from genlab.regular import read_regular
from genlab.texts.foreign_tokenizer import TOKENIZER_FILES

_SIGMA_DATA = 0.5
"""Of latent consistency models, in diffusers."""
_MOST_BYTES = 2**28


def to_folder(model: Any, folder: Path) -> str:
    """Write a model of latent maps that goes by texts, all of it or nothing; the class of diffusers that reads it.

    diffusers draws with its own settings: 50 steps, guidance 7.5, on the steps of `sampler=ddim_sd`.

    Raises:
        ValueError: Stable Diffusion's format has no place for a part of it.
    """
    from diffusers import __version__

    network: Any = getattr(model.denoiser.network, "unet", None)
    if type(network).__name__ != "UNet2DConditionModel":
        name = type(model.denoiser.network).__name__
        raise ValueError(f"the network is {name}: Stable Diffusion's is network=unet_text, a UNet2DConditionModel")
    text = _text_conditioner(model.conditioner)
    scheduler, vae = _scheduler(model), _autoencoder(model.codec)
    kind = _kind(model.conditioner, vae, is_distilled=type(scheduler).__name__ == "LCMScheduler")
    nothing = [None, None]
    index: dict[str, Any] = {
        "_class_name": kind, "_diffusers_version": __version__, "unet": ["diffusers", "UNet2DConditionModel"],
        "vae": ["diffusers", type(vae).__name__], "scheduler": ["diffusers", type(scheduler).__name__],
        "text_encoder": ["transformers", "CLIPTextModel"], "tokenizer": ["transformers", "CLIPTokenizer"],
        "feature_extractor": nothing,
    }  # fmt: skip
    estimator = next((e for part in model.conditioner.modules() if (e := getattr(part, "estimator", None))), None)
    if kind == "StableDiffusionDepth2ImgPipeline":
        index["depth_estimator"] = nothing
        if estimator is not None:
            index["depth_estimator"] = ["transformers", NETWORK]
            index["feature_extractor"] = ["transformers", "DPTImageProcessor"]
    else:
        index |= {"safety_checker": nothing, "image_encoder": nothing, "requires_safety_checker": False}
    with replacing_folder(folder) as place:
        network.save_pretrained(place / "unet")
        vae.save_pretrained(place / "vae")
        scheduler.save_pretrained(place / "scheduler")
        _write_text(text, place)
        if estimator is not None:
            estimator.network.save_pretrained(place / "depth_estimator")
            estimator.processor.save_pretrained(place / "feature_extractor")
        write_json(place / "model_index.json", index)
    return kind


def _text_conditioner(conditioner: Any) -> Any:
    """The text tower of a conditioner whose texts are read as Stable Diffusion reads them."""
    parts = [part for part in conditioner.modules() if hasattr(part, "attend_padding")]
    if len(parts) != 1:
        raise ValueError(f"the conditioner is {type(conditioner).__name__}: Stable Diffusion goes by a text")
    if not parts[0].attend_padding or parts[0].null != "empty":
        raise ValueError(
            "Stable Diffusion attends to the filling of a text and takes an empty one for none: only a model trained "
            "with conditioner.attend_padding=true and conditioner.null=empty draws the same there"
        )
    text = parts[0].text
    tower = getattr(text, "tower", None)  # of a folder
    if hasattr(text, "text_model") or type(getattr(tower, "network", None)).__name__ == "CLIPTextModel":
        return text
    name = type(text if tower is None else tower.network).__name__
    raise ValueError(f"the text tower is {name}: Stable Diffusion's is CLIP's, a CLIPTextModel")


def _kind(conditioner: Any, vae: Any, is_distilled: bool) -> str:
    """The pipeline that lays beside the noisy map what a model's conditioner does."""
    parts = list(conditioner.conditioners) if isinstance(conditioner, Joined) else [conditioner]
    beside = [part for part in parts if not isinstance(part, TextConditioner)]
    of_parts = [f"{type(part).__module__}.{type(part).__qualname__}" for part in beside]
    own = Kind(of_parts[0] if of_parts else None, is_distilled)
    kind = next((name for name, known in OF_LATENTS.items() if known == own), None)
    if kind is None or len(beside) > 1:
        names = " and ".join(type(part).__name__ for part in parts)
        raise ValueError(f"no pipeline of Stable Diffusion goes by {names}{' and is distilled' * is_distilled}")
    scaling = vae.config.get("scaling_factor", 1.0)
    divided_by = getattr(beside[0], "divided_by", None) if beside else None
    if divided_by is not None and divided_by != scaling:
        raise ValueError(
            f"the conditioner divides its picture by {divided_by}, and {kind} by its autoencoder's scaling, {scaling}"
        )
    return kind


def _scheduler(model: Any) -> Any:
    from diffusers.schedulers import DDIMScheduler, LCMScheduler

    output = model.denoiser.parameterization
    if isinstance(output, LearnedVariance):
        raise ValueError("the network has learnt its variances, and no pipeline of Stable Diffusion reads them")
    base = to_diffusers(model.denoiser.process.schedule, getattr(output, "mean", output))
    settings = base.config
    if type(base) is not DDIMScheduler:
        raise ValueError(f"{type(base).__name__} is no scheduler of Stable Diffusion: its models have discrete steps")
    if isinstance(output, LatentConsistency):
        if output.sigma_data != _SIGMA_DATA:
            raise ValueError(
                f"parameterization.sigma_data={output.sigma_data}, and that of diffusers' LCMScheduler is {_SIGMA_DATA}"
            )
        among = getattr(model.sampler.grid, "among", None)
        return LCMScheduler.from_config(
            settings, clip_sample=False, timestep_scaling=output.scaling,
            **({} if among is None else {"original_inference_steps": among}),
        )  # fmt: skip
    return DDIMScheduler.from_config(settings, steps_offset=1, set_alpha_to_one=False)


def _autoencoder(codec: Any) -> Any:
    if not hasattr(codec, "to_diffusers"):
        raise ValueError(f"the codec is {type(codec).__name__}: Stable Diffusion's maps are those of an AutoencoderKL")
    return codec.to_diffusers()


def _write_text(text: Any, folder: Path) -> None:
    """The tower and its tokenizer, by the names that all releases of transformers read."""
    from safetensors.torch import save_file

    tower, tokenizer = folder / "text_encoder", folder / "tokenizer"
    tower.mkdir(parents=True)
    if hasattr(text, "folder"):
        weights = text.tower.network.state_dict()
        write_json(tower / "config.json", _text_config(text.folder))
        _copy((*TOKENIZER_FILES, "tokenizer_config.json"), tokenizer_of(text.folder), tokenizer)
    else:
        weights = text.text_model.state_dict()
        write_json(tower / "config.json", text.config)
        tokenizer.mkdir()
        text.tokenizer.save(tokenizer, text.length)
    named = {f"text_model.{name.removeprefix('text_model.')}": _plain(value) for name, value in weights.items()}
    save_file(named, tower / "model.safetensors", {"format": "pt"})


def _text_config(folder: Path) -> dict[str, Any]:
    """The config.json of a text tower; of a whole CLIP, that of its half."""
    written = read_json(folder, "config.json")
    if written.get("model_type") == "clip":
        written = written["text_config"]
    return {**written, "model_type": "clip_text_model", "architectures": ["CLIPTextModel"]}


def _copy(names: tuple[str, ...], source: Path, to: Path) -> None:
    """Copy the files of these names that are there. Raises ValueError for a link: it may lead to anything."""
    to.mkdir(exist_ok=True)
    for name in names:
        file = source / name
        if source.is_symlink() or file.is_symlink():
            raise ValueError(f"{file} is a link, and only files are handed on: copy its folder with `cp -rL` first")
        try:
            (to / name).write_bytes(read_regular(file, _MOST_BYTES))
        except FileNotFoundError:
            continue
        except OSError as error:
            raise ValueError(f"{file} cannot be copied: {error.strerror}") from error


def _plain(value: Tensor) -> Tensor:
    return value.detach().to("cpu", torch.float32 if value.is_floating_point() else None).contiguous()
