"""genlab edit: a picture with a part filled in, made more like the data, or turned into noise and back."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from omegaconf import DictConfig, OmegaConf

from genlab.annotations.declared import declared
from genlab.commands.app import App, in_sweep, run_app
from genlab.commands.condition_input import heed_negative_prompt, input_from_words
from genlab.commands.naming import refuse_one_place, stem
from genlab.commands.picture_files import check_files, opened_mask, opened_picture
from genlab.commands.sheets import SHOWN, Made, write_sheet
from genlab.conditioning.rules import Asked, asked_by_config
from genlab.config.check import check
from genlab.config.lookup import get, target
from genlab.config.own_modules import find_own_modules
from genlab.config.schema import Edit
from genlab.config.words import as_hydra_reads, names_allowed
from genlab.errors import ConfigError
from genlab.runs.run_config import the_run

if TYPE_CHECKING:
    from torch import Tensor

    from genlab.conditions import ConditionInput


_WEAK = 0.8
"""Share of the steps that an edit of a model of depths takes: the picture's colours are kept a little."""


def main(argv: list[str]) -> int:
    """Write one picture: the original, what the model is given, and what it makes of it; of a sweep, one sheet, too."""
    run = the_run(argv)
    app = App(task=lambda cfg: edit(cfg, run), check=_check, plan=refuse_one_place)
    run_app("edit", app, argv if run is None else [*_usual_edit(argv, run.config()), *argv])
    status = app.status()
    if (sheet := write_sheet(app)) is not None:
        print(sheet)
    return status


def _usual_edit(argv: list[str], of_run: DictConfig) -> list[str]:
    """The words for what a model that goes by a picture was trained for, where the person chooses no edit.

    One that goes by the picture draws it anew, from noise alone; one that goes by depths changes it.
    """
    try:
        find_own_modules(names_allowed(as_hydra_reads(argv)))
    except ConfigError:  # which is told when the words are read
        return []
    asked, keys = asked_by_config(of_run), {word.lstrip("+").partition("=")[0] for word in argv}
    if (usual := declared(target(get(of_run, "model")), "usual_edit")) is not None and "edit" not in keys:
        return [f"edit={usual}"]
    if asked is None or "edit" in keys or "mask" in asked.asks or not asked.asks & {"picture", "depth"}:
        return []
    strength = [] if "edit.strength" in keys else [f"edit.strength={_WEAK if 'depth' in asked.asks else 1}"]
    return ["edit=sdedit", *strength]


def _check(cfg: DictConfig) -> None:
    """Raise ConfigError for all that config and files tell, before torch is imported."""
    check(cfg, Edit)
    check_files(cfg)
    if (asked := asked_by_config(cfg)) is not None:
        _check_told(cfg, asked)


def _check_told(cfg: DictConfig, model: Any) -> None:
    """Raise ConfigError for what the words do not say of a picture, which those of the test data bring along.

    Args:
        model: or what its config says of it: `asked_by_config`.
    """
    if "mask" in model.asks and not (cfg.mask or cfg.edit.get("mask")):
        raise ConfigError(f"mask is missing: which part of {cfg.picture} is to be made anew? Give mask=FILE")
    if isinstance(cfg.picture, int):
        return
    if "label" in model.asks and cfg.label is None:
        raise ConfigError(
            f"label is missing: which of the {model.num_classes} classes is {cfg.picture} to be taken for?"
        )
    if "prompt" in model.asks and cfg.prompt is None:
        raise ConfigError(f"prompt is missing: what is {cfg.picture} to show?")
    if "depth" in model.asks and "picture" not in model.asks and cfg.depth is None:
        raise ConfigError(
            f"depth is missing: how near is each place of {cfg.picture}? Give depth=FILE, white is near: the model was "
            "imported without a depth_estimator, which would tell"
        )


class _Wish(NamedTuple):
    """What a person asks for, in the model's terms."""

    x: Tensor
    """(1, channel, height, width) in [-1, 1]: the picture."""
    request: ConditionInput


def edit(cfg: DictConfig, run: Any) -> Made:
    """Carry out the edit; result i depends on (seed, i) alone. Returns where the picture is."""
    _check(cfg)
    heed_negative_prompt(cfg, in_sweep())
    import torch

    from genlab.conditions import asks_of
    from genlab.config.instantiate import build
    from genlab.modalities import grids
    from genlab.randomness import PerImage
    from genlab.runs.evaluation_cache import checkpoint_of
    from genlab.runs.restore import restore

    data, editor = (build(cfg[key], list(cfg.allow_targets)) for key in ("dataset", "edit"))
    modality, asked = data.modality, asked_by_config(cfg)
    if hasattr(editor, "data_of"):
        data = editor.data_of(data)
    checkpoint = checkpoint_of(run, cfg.checkpoint)
    wish = _wish(cfg, data, asked) if asked is not None and modality.singly else None  # before weights are read
    model = restore(cfg, checkpoint)
    _check_able(model, editor, modality, run)
    model.to("cuda" if torch.cuda.is_available() else "cpu")
    if wish is None:
        _check_told(cfg, Asked(asks_of(model), getattr(model, "num_classes", None)))
    x, request = wish or _wish(cfg, data, model)
    try:
        condition = request.for_each(cfg.n).to(model.device) if request.names else None
        copies, noise = x.repeat_interleave(cfg.n, 0).to(model.device), PerImage.range(cfg.seed, 0, cfg.n, model.device)
        with model.averaged(), torch.no_grad():
            given, results, steps, names, styles = editor(model, copies, condition, generator=noise)
    except ValueError as error:
        raise ConfigError(str(error)) from error
    if steps is not None:
        print(f"{steps[0]} of {steps[1]} steps", file=sys.stderr)
    path = Path(cfg.out or run.place("samples", f"{stem('edit', cfg)}.png"))
    before = [x] if given is None else [x, given.cpu()]
    row = modality.tiles(modality.to_stored(torch.cat([*before, results.cpu()]), "pictures"))
    labels = ["original", "given"][: len(before)] + list(names or _numbers(results))
    grids.save_png(path, grids.grid(row, len(row), column_labels=labels))
    print(path)
    if styles is not None:
        print(_kept(styles, path))
    return Made(path, row[len(before) :][:SHOWN].numpy(), original=row[:1].numpy())


def _kept(styles: Tensor, picture: Path) -> Path:
    """Where the styles are written: beside the picture."""
    import numpy as np

    from genlab.atomic import replacing

    path = picture.with_name(f"{picture.stem}_styles.npy")
    with replacing(path) as file:
        np.save(file, styles.cpu().numpy(), allow_pickle=False)
    return path


def _numbers(results: Tensor) -> list[str]:
    return [f"result {i + 1}" for i in range(len(results))]


def _check_able(model: Any, editor: Any, modality: Any, run: Any) -> None:
    """Raise ConfigError for a model that cannot do what the edit needs."""
    from genlab.editing.editable import Editable

    is_able = isinstance(model, getattr(editor, "needs", Editable)) and modality.singly
    if is_able:
        return
    if (words := getattr(editor, "needs_in_words", None)) is not None:
        raise ConfigError(f"run {run.path.name} is no model {words}, as this edit needs")
    raise ConfigError(f"run {run.path.name} is no diffusion model of pictures, and only such a model edits")


def _wish(cfg: DictConfig, data: Any, model: Any) -> _Wish:
    """The picture, and what the model is told of it: what the words say, else what is known of a test picture.

    Args:
        model: or what its config says of it: `asked_by_config`.

    Raises:
        ConfigError: it cannot be told that, or something is missing.
    """
    from genlab.conditions import ConditionInput, asks_of

    asks, file = asks_of(model), None if isinstance(cfg.picture, int) else cfg.picture
    words = cast(DictConfig, OmegaConf.merge(cfg, {"picture": None, "mask": None}))
    try:
        told = input_from_words(words, model, cfg.n)
        x, shown = _test_picture(cfg, data, asks) if file is None else (_picture_file(cfg, data), ConditionInput())
        request = shown._replace(**{name: value for name, value in told._asdict().items() if value is not None})
        if "picture" in asks:
            request = request._replace(picture=x)
        if (mask := cfg.mask or cfg.edit.get("mask")) is not None:
            request = request._replace(mask=opened_mask(mask, file, x.shape[-2:]))
    except ConfigError:
        raise
    except ValueError as error:
        raise ConfigError(str(error)) from error
    return _Wish(x, request)


def _test_picture(cfg: DictConfig, data: Any, asks: frozenset[str]) -> tuple[Tensor, ConditionInput]:
    """A picture of the test data, and what is known of it; of data in pairs, what a model that goes by it is given."""
    from genlab.conditions import ConditionInput

    pixels, _ = data.items("test")
    if not 0 <= cfg.picture < len(pixels):
        raise ConfigError(f"picture = {cfg.picture}: the test pictures are 0 to {len(pixels) - 1}")
    of_data = data.conditions("test", cfg.picture + 1) if asks else None
    known = ConditionInput() if of_data is None else of_data.part(cfg.picture, cfg.picture + 1)
    x = data.modality.to_model(pixels[cfg.picture : cfg.picture + 1])
    if not asks & {"mask", "depth"} and "picture" in asks and known.picture is not None:
        x = known.picture
    return x, known._replace(depth=known.picture).only(asks)


def _picture_file(cfg: DictConfig, data: Any) -> Tensor:
    """A picture of the person's own."""
    from genlab.modalities.image import Image

    if not isinstance(data.modality, Image):
        raise ConfigError(f"picture = {cfg.picture}: {data.name} has no picture files; give the number of a test item")
    return opened_picture("picture", cfg.picture, cfg.dataset.channels, cfg)
