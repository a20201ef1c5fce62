"""What must hold between guidance, and the model and data that it guides."""

from __future__ import annotations

from collections.abc import Iterator

from omegaconf import DictConfig, ListConfig

from genlab.annotations.declared import declared
from genlab.config.lookup import get, parts, target, whole


def guidance_knows_no_condition(cfg: DictConfig) -> Iterator[str]:
    """Guidance that compares with the estimate without a condition needs a model that was trained without one, too."""
    compares = any(
        declared(target(part), "compares_with_null") and get(part, "scale") != 1
        for _, part in parts(cfg, "guidance")
        if not declared(target(part), "compares_apart")
    )
    conditioner = get(cfg, "conditioner")
    if not compares or not isinstance(conditioner, DictConfig):
        return
    dropouts = [get(part, "dropout") for _, part in parts(cfg, "conditioner") if "dropout" in part]
    if not dropouts:
        yield "guidance compares with and without a condition, and this model has none: take guidance=none"
    elif all(dropout == 0 for dropout in dropouts):
        yield (
            "guidance compares with and without a label, and this model always sees one: train it with "
            "conditioner.dropout greater than 0, such as 0.1, or take guidance=none"
        )


def instruct_knows_each_left_away(cfg: DictConfig) -> Iterator[str]:
    """Guidance by a text and a picture needs a model trained without the text and without the picture, too.

    The estimate without the text counts unless both scales are 1, that without the picture unless picture_scale is 1.
    """
    for key, part in parts(cfg, "guidance"):
        scales = get(part, "scale"), get(part, "picture_scale")
        if not declared(target(part), "compares_apart") or scales == (1, 1):
            continue
        needed = {"text": "tokens"} if scales[1] == 1 else {"text": "tokens", "picture": "channels"}
        for what, field in needed.items():
            giving = [(k, p) for k, p in parts(cfg, "conditioner") if field in (declared(target(p), "gives") or ())]
            if not giving:
                yield f"{key} goes by a {what}, and this model has none: take guidance=none"
            for at, conditioner in giving:
                if get(conditioner, "dropout") in (None, 0):
                    yield (
                        f"{key} compares with and without the {what}, and this model always sees it: train it with "
                        f"{at}.dropout greater than 0, such as 0.05"
                    )


def colour_has_channels(cfg: DictConfig) -> Iterator[str]:
    """A colour to be guided to has a value for each channel."""
    channels = whole(cfg, "dataset.channels")
    for key, part in parts(cfg, "guidance"):
        colour = get(part, "colour")
        if isinstance(colour, ListConfig) and channels is not None and len(colour) != channels:
            yield f"{key}.colour = {list(colour)} has {len(colour)} values, and the pictures {channels} channels"
