"""genlab sample: pictures, points or films from a trained model."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from omegaconf import DictConfig

from genlab.commands.app import App, run_app
from genlab.commands.asking import asked_input
from genlab.commands.naming import refuse_one_place, stem
from genlab.config.check import check
from genlab.config.schema import Sample
from genlab.errors import ConfigError
from genlab.runs.run_config import the_run


def main(argv: list[str]) -> int:
    """Draw samples from a run: a grid, a folder of files, or a film of how they come about."""
    run = the_run(argv)
    app = App(task=lambda cfg: sample(cfg, run), check=lambda cfg: check(cfg, Sample), plan=refuse_one_place)
    run_app("sample", app, argv)
    return app.status()


def sample(cfg: DictConfig, run: Any) -> Path:
    """Draw `n` samples; sample i depends on (seed, i) alone. Returns where they are."""
    check(cfg, Sample)
    import torch

    from genlab.protocols import Samples
    from genlab.runs.evaluation_cache import checkpoint_of
    from genlab.runs.restore import restore

    module: Any = restore(cfg, checkpoint_of(run, cfg.checkpoint))
    samples = isinstance(module, Samples)
    if not samples:
        raise ConfigError(f"the model of run {run.path.name} does not sample")
    module.to("cuda" if torch.cuda.is_available() else "cpu")
    try:
        with module.averaged(), torch.no_grad():
            return _film(cfg, run, module) if cfg.format == "film" else _drawn(cfg, run, module)
    except ConfigError:
        raise
    except ValueError as error:  # a guidance that does not fit the pictures, a film that cannot be written
        raise ConfigError(str(error)) from error


def _drawn(cfg: DictConfig, run: Any, module: Any) -> Path:
    import torch

    from genlab.progress import progress
    from genlab.randomness import PerImage
    from genlab.reports.samples import check_folder, write_folder, write_grid, write_points

    out = Path(cfg.out or run.place("samples", stem("drawn", cfg)))
    if cfg.format == "folder" and cfg.out is not None:
        check_folder(out)
    asked, parts = asked_input(cfg, module, cfg.n), []
    with progress("drawing samples", cfg.n, "images") as advance:
        for start in range(0, cfg.n, cfg.batch_size):
            stop = min(start + cfg.batch_size, cfg.n)
            given = None if asked is None else asked.part(start, stop)
            noise = PerImage.range(cfg.seed, start, stop, module.device)
            parts.append(module.sample(stop - start, given, generator=noise))
            advance(stop - start)
    x = torch.cat(parts).cpu()
    if cfg.format == "folder" and x.ndim == 4:
        print(f"{len(x)} pictures in {write_folder(out, x, own=cfg.out is None)}")
        return out
    path = out if out.suffix == ".png" else out / "samples.png"
    if cfg.out is None:
        path = run.place("samples", f"{stem('drawn', cfg)}.png")
    columns = None if cfg.label is not None else module.num_classes
    print(write_points(path, x) if x.ndim == 2 else write_grid(path, x, columns))
    return path


def _film(cfg: DictConfig, run: Any, module: Any) -> Path:
    from genlab.progress import progress
    from genlab.protocols import ShowsDenoising
    from genlab.randomness import PerImage
    from genlab.reports.animation import check_animation, frames, write_animation

    unfolds = isinstance(module, ShowsDenoising)
    if not unfolds:
        raise ConfigError(f"format = film: the model of run {run.path.name} does not sample in steps")
    path = Path(cfg.out or run.place("samples", f"{stem('drawn', cfg)}.gif"))
    check_animation(path)
    streams = PerImage.range(cfg.seed, 0, cfg.n, module.device)
    with progress("drawing the film"):
        write_animation(
            path,
            frames(*module.denoising_trajectory(cfg.n, cfg.frames, asked_input(cfg, module, cfg.n), generator=streams)),
        )
    print(path)
    return path
