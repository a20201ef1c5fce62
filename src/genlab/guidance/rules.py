"""What must hold between guidance, and the model and data that it guides."""

from __future__ import annotations

from collections.abc import Iterator

from omegaconf import DictConfig, ListConfig

from genlab.annotations.declared import declared
from genlab.config.lookup import get, parts, target, whole


def guidance_knows_no_condition(cfg: DictConfig) -> Iterator[str]:
    """Guidance that compares with the estimate without a condition needs a model that was trained without one, too."""
    compares = any(
        declared(target(part), "compares_with_null") and get(part, "scale") != 1 for _, part in parts(cfg, "guidance")
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


def colour_has_channels(cfg: DictConfig) -> Iterator[str]:
    """A colour to be guided to has a value for each channel."""
    channels = whole(cfg, "dataset.channels")
    for key, part in parts(cfg, "guidance"):
        colour = get(part, "colour")
        if isinstance(colour, ListConfig) and channels is not None and len(colour) != channels:
            yield f"{key}.colour = {list(colour)} has {len(colour)} values, and the pictures {channels} channels"
