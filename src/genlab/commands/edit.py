"""genlab edit: a picture with a part filled in, made more like the data, or turned into noise and back."""

from __future__ import annotations

import sys
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

from omegaconf import DictConfig

from genlab.commands.app import App, in_sweep, run_app
from genlab.commands.condition_input import heed_negative_prompt, input_from_words
from genlab.commands.naming import refuse_one_place, stem
from genlab.commands.sheets import SHOWN, Made, write_sheet
from genlab.config.check import check
from genlab.config.schema import Edit
from genlab.errors import ConfigError
from genlab.notice import Notice
from genlab.picture_size import height_and_width
from genlab.runs.run_config import the_run

if TYPE_CHECKING:
    from torch import Tensor

    from genlab.conditions import ConditionInput


def main(argv: list[str]) -> int:
    """Write one picture: the original, what the model is given, and what it makes of it; of a sweep, one sheet, too."""
    run = the_run(argv)
    app = App(task=lambda cfg: edit(cfg, run), check=lambda cfg: check(cfg, Edit), plan=refuse_one_place)
    run_app("edit", app, argv)
    status = app.status()
    if (sheet := write_sheet(app)) is not None:
        print(sheet)
    return status


def edit(cfg: DictConfig, run: Any) -> Made:
    """Carry out the edit; result i depends on (seed, i) alone. Returns where the picture is."""
    check(cfg, Edit)
    heed_negative_prompt(cfg, in_sweep())
    import torch

    from genlab.config.instantiate import build
    from genlab.editing.editable import Editable
    from genlab.modalities import grids
    from genlab.randomness import PerImage
    from genlab.runs.evaluation_cache import checkpoint_of
    from genlab.runs.restore import restore

    data, editor = (build(cfg[key], list(cfg.allow_targets)) for key in ("dataset", "edit"))
    modality = data.modality
    try:
        if hasattr(editor, "check") and modality.singly:  # before the weights are read
            editor.check(cfg.dataset.size)
    except ValueError as error:
        raise ConfigError(str(error)) from error
    model = restore(cfg, checkpoint_of(run, cfg.checkpoint))
    can_be_edited = isinstance(model, Editable) and modality.singly
    if not can_be_edited:
        raise ConfigError(f"run {run.path.name} is no diffusion model of pictures, and only such a model edits")
    model.to("cuda" if torch.cuda.is_available() else "cpu")
    try:
        given_words = input_from_words(cfg, model, cfg.n)
        x, of_picture = _picture(cfg, data, model)
        own = {name: value for name, value in given_words._asdict().items() if value is not None}
        request = of_picture._replace(**own)
        condition = request.for_each(cfg.n).to(model.device) if request.names else None
        copies, noise = x.repeat_interleave(cfg.n, 0).to(model.device), PerImage.range(cfg.seed, 0, cfg.n, model.device)
        with model.averaged(), torch.no_grad():
            given, results, steps = editor(model, copies, condition, generator=noise)
    except ValueError as error:
        raise ConfigError(str(error)) from error
    if steps is not None:
        print(f"{steps[0]} of {steps[1]} steps", file=sys.stderr)
    path = Path(cfg.out or run.place("samples", f"{stem('edit', cfg)}.png"))
    row = modality.tiles(modality.to_stored(torch.cat([x, given.cpu(), results.cpu()]), "pictures"))
    grids.save_png(path, grids.grid(row, len(row), column_labels=["original", "given", *_numbers(results)]))
    print(path)
    return Made(path, row[2 : 2 + SHOWN].numpy(), original=row[:1].numpy())


def _numbers(results: Tensor) -> list[str]:
    return [f"result {i + 1}" for i in range(len(results))]


def _picture(cfg: DictConfig, data: Any, model: Any) -> tuple[Tensor, ConditionInput]:
    """(1, channel, height, width) in [-1, 1], and what it shows: class and caption, where the model goes by them."""
    import torch
    from PIL import Image, UnidentifiedImageError

    from genlab.conditions import ConditionInput, asks_of
    from genlab.data.dynamic_range import UnclearRange
    from genlab.data.picture import to_size
    from genlab.modalities.image import Image as modality_of_pictures  # noqa: N813

    asks = asks_of(model) & {"label", "prompt"}
    if isinstance(cfg.image, int):
        pixels, _ = data.items("test")
        if not 0 <= cfg.image < len(pixels):
            raise ValueError(f"image = {cfg.image}: the test pictures are 0 to {len(pixels) - 1}")
        conditions = data.conditions("test", cfg.image + 1) if asks else None
        shown = ConditionInput() if conditions is None else conditions.only(asks).part(cfg.image, cfg.image + 1)
        return data.modality.to_model(pixels[cfg.image : cfg.image + 1]), shown
    if not isinstance(data.modality, modality_of_pictures):
        raise ValueError(f"image = {cfg.image}: {data.name} has no picture files; give the number of a test item")
    try:
        with Image.open(cfg.image) as picture:
            _note_framing(cfg, picture.size)
            framed = to_size(picture, cfg.dataset.channels, cfg.dataset.size, "crop")
    except UnclearRange as error:
        raise ValueError(f"image = {cfg.image}: {error}") from error
    except (OSError, UnidentifiedImageError) as error:
        raise ValueError(f"image = {cfg.image} is neither a picture file nor the number of a test picture") from error
    if "label" in asks and cfg.label is None:
        raise ValueError(f"label is missing: which of the {model.num_classes} classes is {cfg.image} to be taken for?")
    if "prompt" in asks and cfg.prompt is None:
        raise ValueError(f"prompt is missing: what is {cfg.image} to show?")
    return data.modality.to_model(torch.from_numpy(framed.copy())[None]), ConditionInput()


def _note_framing(cfg: DictConfig, of_file: tuple[int, int]) -> None:
    """Say so where a picture file, `of_file` (width, height), does not have the size of the model's pictures."""
    height, width = height_and_width(cfg.dataset.size)
    if of_file != (width, height):
        has = f"{of_file[0]} x {of_file[1]} pixels, and the model's pictures {width} x {height}"
        warnings.warn(f"image = {cfg.image} has {has}: it is cropped and scaled", Notice, stacklevel=2)
