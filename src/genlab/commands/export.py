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
    from genlab.interop.diffusers_lines import words_and_lines
    from genlab.interop.diffusers_pipelines import to_pipeline
    from genlab.picture_size import height_and_width
    from genlab.runs.evaluation_cache import checkpoint_of
    from genlab.runs.restore import restore

    model: Any = restore(cfg, checkpoint_of(run, cfg.checkpoint))
    if not hasattr(model, "denoiser"):
        raise ConfigError(f"run {run.path.name} is no diffusion model, and only such a model becomes a pipeline")
    out = Path(str(cfg.out))
    try:
        with model.averaged():
            pipeline = to_pipeline(model.denoiser, clip=model.clip is not None)
            pipeline.save_pretrained(out)
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
