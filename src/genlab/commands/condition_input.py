"""What a person asks a model for in words of the command line: label=, prompt=, negative_prompt=, picture=, mask=."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from omegaconf import DictConfig

from genlab.errors import ConfigError

if TYPE_CHECKING:
    from torch import Tensor

    from genlab.conditions import ConditionInput

_ELSEWHERE = ": use genlab edit, which changes a picture, or a part of it, with any diffusion model of pictures"


def input_for_samples(cfg: DictConfig, module: Any, n: int) -> ConditionInput | None:
    """The condition of each of `n` samples, on the model's device; None for a model that takes no condition.

    Where no word gives one, a model of classes goes through them, and any other takes the conditions of the test data.

    Raises:
        ConfigError: the model cannot be asked for that.
    """
    from genlab.conditions import asks_of, conditions_for
    from genlab.config.instantiate import build

    given, asks = input_from_words(cfg, module), asks_of(module)
    of_data = None
    if not given.names - {"negative_prompt"}:
        data = build(cfg.dataset, list(cfg.allow_targets)) if asks - {"label"} else None
        of_data = conditions_for(module, data, "test", n)
    if not given.names and of_data is None:
        return None
    values = {
        name: value for part in (of_data, given.for_each(n)) for name, value in _fields(part) if value is not None
    }
    return given._replace(**values).to(module.device)


def _fields(condition: ConditionInput | None) -> list[tuple[str, Any]]:
    return [] if condition is None else list(condition._asdict().items())


def input_from_words(cfg: DictConfig, module: Any) -> ConditionInput:
    """The words of the command line, one for all samples."""
    import torch

    from genlab.conditions import ConditionInput, asks_of, check_request

    words = {key: cfg.get(key) for key in ConditionInput._fields if cfg.get(key) is not None}
    for key, value in words.items():
        try:
            check_request(ConditionInput(**{key: value}), asks_of(module))
        except ValueError as error:
            raise ConfigError(f"{key} = {value}: {error}{_ELSEWHERE if key in ('picture', 'mask') else ''}") from error
    return ConditionInput(
        label=torch.tensor(words["label"]) if "label" in words else None,
        prompt=[str(words["prompt"])] if "prompt" in words else None,
        negative_prompt=[str(words["negative_prompt"])] if "negative_prompt" in words else None,
        picture=opened_picture("picture", words["picture"], cfg.dataset.channels, cfg) if "picture" in words else None,
        mask=opened_picture("mask", words["mask"], 1, cfg) > 0 if "mask" in words else None,
    )


def opened_picture(key: str, path: str, channels: int, cfg: DictConfig) -> Tensor:
    """(1, channels, height, width) in [-1, 1]: a picture file in the size of the run's data.

    Raises:
        ConfigError: it is no picture.
    """
    import torch
    from PIL import Image, UnidentifiedImageError

    from genlab.data.dynamic_range import UnclearRange
    from genlab.data.picture import to_size
    from genlab.modalities.pixels import to_model

    try:
        with Image.open(path) as picture:
            pixels = to_size(picture, channels, cfg.dataset.size, "crop")
    except UnclearRange as error:
        raise ConfigError(f"{key} = {path}: {error}") from error
    except (OSError, UnidentifiedImageError) as error:
        raise ConfigError(f"{key} = {path} is not a picture file") from error
    return to_model(torch.from_numpy(pixels.copy())[None])
