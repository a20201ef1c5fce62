"""genlab export: a trained model in the format of another library."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from omegaconf import DictConfig, OmegaConf

from genlab.config.app import App, run_app
from genlab.config.check import check
from genlab.config.errors import ConfigError
from genlab.config.of_run import the_run

_KEYS = ("run", "checkpoint", "out")


def main(argv: list[str]) -> int:
    """Write a diffusion model as a folder that diffusers' `from_pretrained` reads."""
    run = the_run(argv)
    app = App(task=lambda cfg: export(cfg, run), check=_check)
    run_app("export", app, argv)
    return app.status()


def _check(cfg: DictConfig) -> None:
    if OmegaConf.is_missing(cfg, "out"):
        raise ConfigError("out = FOLDER is missing: where the pipeline is to be written")
    out = Path(str(cfg.out))
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise ConfigError(f"out = {out} exists already; give a new or an empty folder")
    check(cfg, extra=_KEYS)


def export(cfg: DictConfig, run: Any) -> Path:
    """Write the pipeline, with the averaged weights where there are some. Returns its folder."""
    _check(cfg)
    from genlab.interop.diffusers_pipelines import to_pipeline
    from genlab.runs.restore import restore
    from genlab.runs.workbench import checkpoint_of

    model: Any = restore(cfg, checkpoint_of(run, cfg.checkpoint))
    if not hasattr(model, "denoiser"):
        raise ConfigError(f"run {run.path.name} is no diffusion model, and only such a model becomes a pipeline")
    out = Path(str(cfg.out))
    try:
        with model.averaged():
            to_pipeline(model.denoiser, clip=model.clip is not None).save_pretrained(out)
    except ValueError as error:
        raise ConfigError(str(error)) from error
    print(f"{out}: diffusers.DiffusionPipeline.from_pretrained({str(out)!r})")
    return out
