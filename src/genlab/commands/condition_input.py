"""What a person asks a model for in words of the command line: label=, prompt=, negative_prompt=, picture=, ..."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

from omegaconf import DictConfig

from genlab.annotations.declared import declared
from genlab.commands.picture_files import drawn_size, opened_mask, opened_picture
from genlab.config.lookup import get, parts, target
from genlab.errors import ConfigError
from genlab.notice import Notice
from genlab.picture_size import read_size
from genlab.prompts import UNHEEDED, read_prompts

if TYPE_CHECKING:
    from genlab.conditions import ConditionInput


def input_for_samples(cfg: DictConfig, model: Any, n: int) -> ConditionInput | None:
    """The condition of each of `n` samples; None for a model that takes no condition.

    Where no word gives one, a model of classes goes through them, and any other takes the conditions of the test data.

    Args:
        model: or what its config says of it: `asked_by_config`.

    Raises:
        ConfigError: the model cannot be asked for that.
    """
    from genlab.conditions import asks_of, conditions_for, not_told
    from genlab.config.instantiate import build

    given, asks = input_from_words(cfg, model, n), asks_of(model)
    of_data = None
    if not given.names - {"negative_prompt"}:
        data = build(cfg.dataset, list(cfg.allow_targets)) if asks - {"label"} else None
        of_data = conditions_for(model, data, "test", n)
    if not given.names and of_data is None:
        return None
    lacking = [name for name in not_told(asks, given.names) if name in ("picture", "mask", "depth")]
    if lacking and of_data is None:
        raise ConfigError(f"{lacking[0]} is missing: give {lacking[0]}=FILE, which this model goes by")
    values = {
        name: value for part in (of_data, given.for_each(n)) for name, value in _fields(part) if value is not None
    }
    return given._replace(**values)


def _fields(condition: ConditionInput | None) -> list[tuple[str, Any]]:
    return [] if condition is None else list(condition._asdict().items())


def input_from_words(cfg: DictConfig, model: Any, n: int) -> ConditionInput:
    """The words of the command line: one for all samples; of prompts=FILE one for each of `n`, its lines in turn.

    Args:
        model: see `input_for_samples`.
    """
    import torch

    from genlab.conditions import ConditionInput, asks_of, check_request

    words = {key: cfg.get(key) for key in ConditionInput._fields if cfg.get(key) is not None}
    in_turn = prompts_of(cfg)
    for key, value in (words | ({} if in_turn is None else {"prompt": in_turn[0]})).items():
        try:
            check_request(ConditionInput(**{key: value}), asks_of(model))
        except ValueError as error:
            raise ConfigError(f"{key} = {value}: {error}") from error
    if in_turn is None:
        prompts = [str(words["prompt"])] if "prompt" in words else None
    else:
        prompts = [in_turn[i % len(in_turn)] for i in range(n)]
    return ConditionInput(
        label=torch.tensor(words["label"]) if "label" in words else None,
        prompt=prompts,
        negative_prompt=[str(words["negative_prompt"])] if "negative_prompt" in words else None,
        picture=opened_picture("picture", words["picture"], cfg.dataset.channels, cfg) if "picture" in words else None,
        mask=opened_mask(words["mask"], words.get("picture"), drawn_size(cfg)) if "mask" in words else None,
        depth=opened_picture("depth", words["depth"], 1, cfg) if "depth" in words else None,
    )


def prompts_of(cfg: DictConfig) -> list[str] | None:
    """The lines of prompts=FILE; None without it.

    Raises:
        ConfigError: the file cannot be read, or has none.
    """
    if cfg.get("prompts") is None:
        return None
    try:
        return read_prompts(cfg.prompts)
    except ValueError as error:
        raise ConfigError(str(error)) from error


def heed_negative_prompt(cfg: DictConfig, is_sweep: bool) -> None:
    """Refuse a negative prompt that nothing looks at. In a sweep the jobs without guidance leave it away, with a
    notice: they are what the others are compared with, as in guidance.scale=1,3,7.

    Raises:
        ConfigError: it would have no effect.
    """
    if cfg.get("negative_prompt") is None or _compares_with_null(cfg):
        return
    if not is_sweep:
        raise ConfigError(f"negative_prompt = {cfg.negative_prompt}: {UNHEEDED}")
    left_away = f"negative_prompt = {cfg.negative_prompt} is left away where there is no guidance"
    warnings.warn(left_away, Notice, stacklevel=2)
    cfg.negative_prompt = None


def _compares_with_null(cfg: DictConfig) -> bool:
    """Whether the guidance of a config looks at what is not to be seen; a class that does not say so may."""
    for _, part in parts(cfg, "guidance"):
        compares = declared(target(part), "compares_with_null")
        if compares and any(get(part, key) != 1 for key in map(str, part) if key == "scale" or key.endswith("_scale")):
            return True
        if compares is None and not target(part).startswith("genlab."):
            return True
    return False


def size_from_words(cfg: DictConfig, module: Any) -> dict[str, tuple[int, int]]:
    """What `size=` adds to the words of a model's `sample`.

    Raises:
        ConfigError: the model draws no pictures of that size.
    """
    from genlab.protocols import DrawsSizes

    if cfg.get("size") is None:
        return {}
    draws_sizes = isinstance(module, DrawsSizes)
    if not draws_sizes:
        raise ConfigError(f"size = {cfg.size}: {type(module).__name__} draws what it was trained on and no other size")
    try:
        size = read_size(cfg.size)
        module.shape_of(size)
    except ValueError as error:
        raise ConfigError(str(error)) from error
    return {"size": size}
