"""genlab sample: pictures, sounds, films or points from a trained model."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from omegaconf import DictConfig

from genlab.commands.app import App, in_sweep, run_app
from genlab.commands.condition_input import (
    heed_negative_prompt,
    input_for_samples,
    prompts_of,
    size_from_words,
)
from genlab.commands.naming import refuse_one_place, stem
from genlab.commands.picture_files import check_files
from genlab.commands.prompt_notes import note_prompts
from genlab.commands.sheets import SHOWN, Made, write_cells, write_sheet
from genlab.commands.style_pictures import FORMATS, PICTURES, of_styles
from genlab.conditioning.rules import asked_by_config
from genlab.config.check import check
from genlab.config.schema import Sample
from genlab.errors import ConfigError
from genlab.runs.run_config import the_run

if TYPE_CHECKING:
    from torch import Tensor

    from genlab.conditions import ConditionInput
    from genlab.modalities.modality import Modality

_SEVERAL = 64
"""Samples, where no number is asked for."""
_MOST_SHOWN = 64
"""Pictures of a file of prompts that a sheet shows."""


def main(argv: list[str]) -> int:
    """Draw samples from a run: a grid, a folder of files, or a film of how they come about; of a sweep, one sheet."""
    run = the_run(argv)
    app = App(task=lambda cfg: sample(cfg, run), check=_check, plan=refuse_one_place)
    run_app("sample", app, argv)
    status = app.status()
    if (sheet := write_sheet(app)) is not None:
        print(sheet)
    return status


def _check(cfg: DictConfig) -> None:
    """Raise ConfigError for all that config and files tell, before torch is imported."""
    check(cfg, Sample)
    check_files(cfg)


def sample(cfg: DictConfig, run: Any) -> Made:
    """Draw samples; sample i depends on (seed, i) and on what is asked for alone. Returns where they are."""
    _check(cfg)
    heed_negative_prompt(cfg, in_sweep())
    import torch

    from genlab.config.instantiate import build
    from genlab.protocols import Samples
    from genlab.runs.evaluation_cache import checkpoint_of
    from genlab.runs.restore import restore

    checkpoint, n, asked = checkpoint_of(run, cfg.checkpoint), _number(cfg), asked_by_config(cfg)
    try:
        request = None if asked is None else input_for_samples(cfg, asked, n)  # before any weight is read
    except ValueError as error:
        raise ConfigError(str(error)) from error
    module: Any = restore(cfg, checkpoint)
    samples = isinstance(module, Samples)
    if not samples:
        raise ConfigError(f"the model of run {run.path.name} does not sample")
    modality = build(cfg.dataset, list(cfg.allow_targets)).modality
    module.to("cuda" if torch.cuda.is_available() else "cpu")
    try:
        with module.averaged(), torch.no_grad():
            if asked is None:
                request = input_for_samples(cfg, module, n)
            return _maker(cfg, module)(cfg, run, module, modality, n, request)
    except ConfigError:
        raise
    except ValueError as error:  # a guidance that does not fit the pictures, a film that cannot be written
        raise ConfigError(str(error)) from error


def _maker(cfg: DictConfig, module: Any) -> Callable[..., Made]:
    """What makes the files of that format."""
    unfolds = cfg.format == "film" and getattr(module, "style_network", None) is None
    return _film if unfolds else of_styles if cfg.format in (*FORMATS, "film") else _drawn


def _number(cfg: DictConfig) -> int:
    """How many samples a job draws."""
    if cfg.n is not None:
        return int(cfg.n)
    if cfg.format in FORMATS:
        return PICTURES
    if (prompts := prompts_of(cfg)) is not None:
        return len(prompts)
    return SHOWN if in_sweep() else _SEVERAL


def _drawn(
    cfg: DictConfig, run: Any, module: Any, modality: Modality, n: int, request: ConditionInput | None
) -> Made:  # fmt: skip
    from genlab.reports.samples import check_folder, write_all, write_folder

    out = Path(cfg.out or run.place("samples", stem("drawn", cfg)))
    suffix, in_folder = _suffix(cfg, modality), cfg.format == "folder" and modality.singly
    if cfg.format == "folder" and cfg.out is not None:
        check_folder(out)
    shown = _Shown(modality)
    batches = _batches(cfg, module, request, n, shown)
    if in_folder:
        files = write_folder(out, batches, modality, suffix, own=cfg.out is None)
        print(f"{n} {'pictures' if suffix == '.png' else f'{suffix} files'} in {out}")
        note_prompts(cfg, request, files, out / "prompts.json")
        return shown.made(out, cfg, request)
    path = out if out.suffix == ".png" else out / "samples.png"
    if cfg.out is None:
        path = run.place("samples", f"{stem('drawn', cfg)}.png")
    columns = None if cfg.label is not None else module.num_classes
    written = write_all(path, batches, modality, columns)
    made = shown.made(path, cfg, request)
    if made.prompts is not None and len(made.prompts) == n:  # each in a row that says what it is
        write_cells(path, [made])
    for file in written.values():
        print(file)
    note_prompts(cfg, request, [path], path.with_name(f"{path.stem}_prompts.json"))
    return made


class _Shown:
    """The first pictures of a job, as they are seen: for a sheet."""

    def __init__(self, modality: Modality) -> None:
        self._modality, self._tiles = modality, list[Any]()

    def add(self, x: Tensor) -> None:
        room = _MOST_SHOWN - sum(map(len, self._tiles))
        if self._modality.singly and room > 0:
            self._tiles.append(self._modality.tiles(self._modality.to_stored(x[:room], "samples").cpu()).numpy())

    def made(self, place: Path, cfg: DictConfig, request: ConditionInput | None) -> Made:
        import numpy as np

        if not self._tiles:
            return Made(place)
        tiles = np.concatenate(self._tiles)
        if cfg.prompts is None or request is None or request.prompt is None:
            return Made(place, tiles[:SHOWN])
        return Made(place, tiles, request.prompt[: len(tiles)])


def _batches(cfg: DictConfig, module: Any, request: Any, n: int, shown: _Shown) -> Iterator[Tensor]:
    """The samples as the model gives them, each batch when the one before is written."""
    from genlab.progress import progress
    from genlab.randomness import PerImage

    sized = size_from_words(cfg, module)
    with progress("drawing samples", n, "images") as advance:
        for start in range(0, n, cfg.batch_size):
            stop = min(start + cfg.batch_size, n)
            given = None if request is None else request.part(start, stop).to(module.device)
            noise = PerImage.range(cfg.seed, start, stop, module.device)
            x = module.sample(stop - start, given, generator=noise, **sized)
            shown.add(x)
            yield x
            advance(stop - start)


def _suffix(cfg: DictConfig, modality: Modality) -> str:
    """The ending of a sample's file: what is asked for, where the modality and this machine can write it."""
    if cfg.file_type is None:
        return modality.suffixes[0]
    try:
        return modality.check_suffix(f".{cfg.file_type.removeprefix('.')}")
    except ValueError as error:
        raise ConfigError(f"file_type = {cfg.file_type}: {error}") from error


def _film(
    cfg: DictConfig, run: Any, module: Any, modality: Modality, n: int, request: ConditionInput | None
) -> Made:  # fmt: skip
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
    streams, sized = PerImage.range(cfg.seed, 0, n, module.device), size_from_words(cfg, module)
    with progress("drawing the film"):
        given = None if request is None else request.to(module.device)
        x, x0 = module.denoising_trajectory(n, cfg.frames, given, generator=streams, **sized)
        write_animation(path, frames(x, x0, modality))
    print(path)
    return Made(path)
