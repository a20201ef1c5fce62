"""genlab sample: pictures, sounds, films or points from a trained model."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from omegaconf import DictConfig

from genlab.commands.app import App, in_sweep, run_app
from genlab.commands.condition_input import (
    describe,
    heed_negative_prompt,
    input_for_samples,
    prompts_of,
    size_from_words,
)
from genlab.commands.naming import refuse_one_place, stem
from genlab.commands.sheets import SHOWN, Made, write_sheet
from genlab.config.check import check
from genlab.config.schema import Sample
from genlab.errors import ConfigError
from genlab.runs.run_config import the_run

if TYPE_CHECKING:
    from torch import Tensor

    from genlab.modalities.modality import Modality

_SEVERAL = 64
"""Samples, where no number is asked for."""
_MOST_ROWS = 16
"""Prompts that a sheet shows, a row each."""


def main(argv: list[str]) -> int:
    """Draw samples from a run: a grid, a folder of files, or a film of how they come about; of a sweep, one sheet."""
    run = the_run(argv)
    app = App(task=lambda cfg: sample(cfg, run), check=lambda cfg: check(cfg, Sample), plan=refuse_one_place)
    run_app("sample", app, argv)
    status = app.status()
    if (sheet := write_sheet(app)) is not None:
        print(sheet)
    return status


def sample(cfg: DictConfig, run: Any) -> Made:
    """Draw samples; sample i depends on (seed, i) and on what is asked for alone. Returns where they are."""
    check(cfg, Sample)
    heed_negative_prompt(cfg, in_sweep())
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


def _number(cfg: DictConfig) -> int:
    """How many samples a job draws."""
    if cfg.n is not None:
        return int(cfg.n)
    if (prompts := prompts_of(cfg)) is not None:
        return len(prompts)
    return SHOWN if in_sweep() else _SEVERAL


def _drawn(cfg: DictConfig, run: Any, module: Any, modality: Modality) -> Made:
    from genlab.reports.samples import check_folder, write_all, write_folder

    out = Path(cfg.out or run.place("samples", stem("drawn", cfg)))
    suffix, in_folder = _suffix(cfg, modality), cfg.format == "folder" and modality.singly
    if cfg.format == "folder" and cfg.out is not None:
        check_folder(out)
    n = _number(cfg)
    request, first = input_for_samples(cfg, module, n), list[Any]()
    batches = _batches(cfg, module, request, n, first)
    if in_folder:
        files = write_folder(out, batches, modality, suffix, own=cfg.out is None)
        print(f"{n} {'pictures' if suffix == '.png' else f'{suffix} files'} in {out}")
        describe(cfg, request, files, out / "prompts.json")
        return _made(cfg, out, modality, first, request)
    path = out if out.suffix == ".png" else out / "samples.png"
    if cfg.out is None:
        path = run.place("samples", f"{stem('drawn', cfg)}.png")
    columns = None if cfg.label is not None else module.num_classes
    for file in write_all(path, batches, modality, columns).values():
        print(file)
    describe(cfg, request, [path], path.with_name(f"{path.stem}_prompts.json"))
    return _made(cfg, path, modality, first, request)


def _batches(cfg: DictConfig, module: Any, request: Any, n: int, first: list[Tensor]) -> Iterator[Tensor]:
    """The samples as the model gives them, each batch when the one before is written; of the first batch, those that a
    sheet shows are kept in `first`."""
    from genlab.progress import progress
    from genlab.randomness import PerImage

    sized = size_from_words(cfg, module)
    with progress("drawing samples", n, "images") as advance:
        for start in range(0, n, cfg.batch_size):
            stop = min(start + cfg.batch_size, n)
            given = None if request is None else request.part(start, stop).to(module.device)
            noise = PerImage.range(cfg.seed, start, stop, module.device)
            x = module.sample(stop - start, given, generator=noise, **sized)
            if not first:
                first.append(x[:_MOST_ROWS].cpu())
            yield x
            advance(stop - start)


def _made(cfg: DictConfig, place: Path, modality: Modality, first: list[Tensor], request: Any) -> Made:
    if not modality.singly or not in_sweep():
        return Made(place)
    tiles = modality.tiles(modality.to_stored(first[0], "samples")).numpy()
    if cfg.prompts is None:
        return Made(place, tiles[:SHOWN])
    return Made(place, tiles, request.prompt[: len(tiles)])


def _suffix(cfg: DictConfig, modality: Modality) -> str:
    """The ending of a sample's file: what is asked for, where the modality and this machine can write it."""
    if cfg.file_type is None:
        return modality.suffixes[0]
    try:
        return modality.check_suffix(f".{cfg.file_type.removeprefix('.')}")
    except ValueError as error:
        raise ConfigError(f"file_type = {cfg.file_type}: {error}") from error


def _film(cfg: DictConfig, run: Any, module: Any, modality: Modality) -> Made:
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
    n = _number(cfg)
    streams, sized = PerImage.range(cfg.seed, 0, n, module.device), size_from_words(cfg, module)
    with progress("drawing the film"):
        request = input_for_samples(cfg, module, n)
        given = None if request is None else request.to(module.device)
        x, x0 = module.denoising_trajectory(n, cfg.frames, given, generator=streams, **sized)
        write_animation(path, frames(x, x0, modality))
    print(path)
    return Made(path)
