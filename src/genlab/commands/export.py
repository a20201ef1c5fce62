"""genlab export: a trained model in the format of another library."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any

from omegaconf import DictConfig, OmegaConf

from genlab.commands.app import App, run_app
from genlab.config.check import check
from genlab.config.schema import Export
from genlab.errors import ConfigError
from genlab.runs.run_config import the_run

_N = 4
"""Pictures that the printed lines draw."""


def main(argv: list[str]) -> int:
    """Write a diffusion model as a folder that diffusers' `from_pretrained` reads."""
    run = the_run(argv)
    app = App(task=lambda cfg: export(cfg, run), check=_check)
    run_app("export", app, argv)
    return app.status()


def _check(cfg: DictConfig) -> None:
    if OmegaConf.is_missing(cfg, "out"):
        raise ConfigError("out = FOLDER is missing: where the pipeline is to be written")
    check(cfg, Export)
    out = Path(str(cfg.out))
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise ConfigError(f"out = {out} exists already; give a new or an empty folder")


def export(cfg: DictConfig, run: Any) -> Path:
    """Write the pipeline, with the averaged weights where there are some, and print how to draw with it.

    Returns:
        Its folder.
    """
    _check(cfg)
    from genlab.atomic import replacing_folder
    from genlab.interop.diffusers_lines import words_and_lines
    from genlab.interop.diffusers_pipelines import to_pipeline
    from genlab.picture_size import height_and_width
    from genlab.runs.evaluation_cache import checkpoint_of
    from genlab.runs.restore import restore

    model: Any = restore(cfg, checkpoint_of(run, cfg.checkpoint))
    if not hasattr(model, "denoiser"):
        raise ConfigError(f"run {run.path.name} is no diffusion model, and only such a model becomes a pipeline")
    out = Path(str(cfg.out))
    if cfg.format == "stable_diffusion":
        return _stable_diffusion(cfg, run, model, out)
    try:
        with model.averaged(), replacing_folder(out) as place:
            pipeline = to_pipeline(model.denoiser, clip=model.clip is not None)
            pipeline.save_pretrained(place)
    except ValueError as error:
        raise ConfigError(str(error)) from error
    shape = (cfg.dataset.channels, *height_and_width(cfg.dataset.size))
    words, lines = words_and_lines(pipeline, model.denoiser.process.schedule, out.resolve(), shape, _N, cfg.seed)
    words = [*words, "checkpoint=best"] if cfg.checkpoint == "best" else words
    words = [*words, "guidance=none"] if cfg.get("guidance") is not None else words
    command = shlex.join(["genlab", "sample", f"run={run.path}", *words, "format=folder"])
    print(
        f"{out} is a {type(pipeline).__name__} of diffusers. The pictures of\n\n{command}\n\nare those of\n\n{lines}\n"
    )
    return out


_LINES = """import torch
from diffusers import DiffusionPipeline
from genlab.randomness import PerImage

pipeline = DiffusionPipeline.from_pretrained({folder!r})
latents = PerImage.range({seed}, 0, {n}).normal(({n}, {channels}, {height}, {width}))
pictures = pipeline(["a red cat"] * {n}, latents=latents, num_inference_steps=50, guidance_scale=3.0).images"""


def _stable_diffusion(cfg: DictConfig, run: Any, model: Any, out: Path) -> Path:
    from genlab.interop.to_stable_diffusion import to_folder

    try:
        with model.averaged():
            kind = to_folder(model, out)
    except ValueError as error:
        raise ConfigError(str(error)) from error
    print(f"{out} is a {kind} of diffusers.", end=" " if kind == "StableDiffusionPipeline" else "\n")
    if kind == "StableDiffusionPipeline":
        channels, height, width = model.shape
        lines = _LINES.format(
            folder=str(out.resolve()), seed=cfg.seed, n=_N, channels=channels, height=height, width=width
        )
        words = ["sampler=ddim_sd", "sampler.steps=50", "guidance=classifier_free", "guidance.scale=3", f"n={_N}"]
        words = [*words, "checkpoint=best"] if cfg.checkpoint == "best" else words
        asked = ["prompt=a red cat", f"seed={cfg.seed}", "format=folder"]
        command = shlex.join(["genlab", "sample", f"run={run.path}", *words, *asked])
        print(f"The pictures of\n\n{command}\n\nare those of\n\n{lines}\n")
    return out
