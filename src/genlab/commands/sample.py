"""genlab sample: pictures, sounds, films or points from a trained model."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from omegaconf import DictConfig

from genlab.commands.app import App, run_app
from genlab.commands.condition_input import input_for_samples
from genlab.commands.naming import refuse_one_place, stem
from genlab.config.check import check
from genlab.config.schema import Sample
from genlab.errors import ConfigError
from genlab.runs.run_config import the_run

if TYPE_CHECKING:
    from genlab.modalities.modality import Modality


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

    from genlab.config.instantiate import build
    from genlab.protocols import Samples
    from genlab.runs.evaluation_cache import checkpoint_of
    from genlab.runs.restore import restore

    module: Any = restore(cfg, checkpoint_of(run, cfg.checkpoint))
    samples = isinstance(module, Samples)
    if not samples:
        raise ConfigError(f"the model of run {run.path.name} does not sample")
    modality = build(cfg.dataset, list(cfg.allow_targets)).modality
    module.to("cuda" if torch.cuda.is_available() else "cpu")
    try:
        with module.averaged(), torch.no_grad():
            return _film(cfg, run, module, modality) if cfg.format == "film" else _drawn(cfg, run, module, modality)
    except ConfigError:
        raise
    except ValueError as error:  # a guidance that does not fit the pictures, a film that cannot be written
        raise ConfigError(str(error)) from error


def _drawn(cfg: DictConfig, run: Any, module: Any, modality: Modality) -> Path:
    import torch

    from genlab.progress import progress
    from genlab.randomness import PerImage
    from genlab.reports.samples import check_folder, write_all, write_folder

    out = Path(cfg.out or run.place("samples", stem("drawn", cfg)))
    suffix, in_folder = _suffix(cfg, modality), cfg.format == "folder" and modality.singly
    if cfg.format == "folder" and cfg.out is not None:
        check_folder(out)
    request, parts = input_for_samples(cfg, module, cfg.n), []
    with progress("drawing samples", cfg.n, "images") as advance:
        for start in range(0, cfg.n, cfg.batch_size):
            stop = min(start + cfg.batch_size, cfg.n)
            given = None if request is None else request.part(start, stop)
            noise = PerImage.range(cfg.seed, start, stop, module.device)
            parts.append(module.sample(stop - start, given, generator=noise))
            advance(stop - start)
    x = torch.cat(parts).cpu()
    if in_folder:
        write_folder(out, x, modality, suffix, own=cfg.out is None)
        print(f"{len(x)} {'pictures' if suffix == '.png' else f'{suffix} files'} in {out}")
        return out
    path = out if out.suffix == ".png" else out / "samples.png"
    if cfg.out is None:
        path = run.place("samples", f"{stem('drawn', cfg)}.png")
    columns = None if cfg.label is not None else module.num_classes
    for file in write_all(path, x, modality, columns).values():
        print(file)
    return path


def _suffix(cfg: DictConfig, modality: Modality) -> str:
    """The ending of a sample's file: what is asked for, where the modality and this machine can write it."""
    if cfg.file_type is None:
        return modality.suffixes[0]
    try:
        return modality.check_suffix(f".{cfg.file_type.removeprefix('.')}")
    except ValueError as error:
        raise ConfigError(f"file_type = {cfg.file_type}: {error}") from error


def _film(cfg: DictConfig, run: Any, module: Any, modality: Modality) -> Path:
    from genlab.modalities.film import check_film
    from genlab.progress import progress
    from genlab.protocols import ShowsDenoising
    from genlab.randomness import PerImage
    from genlab.reports.animation import frames, write_animation

    unfolds = isinstance(module, ShowsDenoising)
    if not unfolds:
        raise ConfigError(f"format = film: the model of run {run.path.name} does not sample in steps")
    path = Path(cfg.out or run.place("samples", f"{stem('drawn', cfg)}.gif"))
    check_film(path)
    streams = PerImage.range(cfg.seed, 0, cfg.n, module.device)
    with progress("drawing the film"):
        request = input_for_samples(cfg, module, cfg.n)
        x, x0 = module.denoising_trajectory(cfg.n, cfg.frames, request, generator=streams)
        write_animation(path, frames(x, x0, modality))
    print(path)
    return path
