"""Builds the model of a config to be trained: with the schedule of its learning rate."""

from __future__ import annotations

from typing import Any

from omegaconf import DictConfig

from genlab.config.instantiate import build
from genlab.errors import ConfigError
from genlab.models.base import GenerativeModule


def build_model(cfg: DictConfig) -> Any:
    """The LightningModule of `cfg`, which may have a key `lr_scheduler`.

    Raises:
        ConfigError: it cannot be built, or its learning rate is not for a schedule to change.
    """
    allowed = list(cfg.get("allow_targets") or [])
    module = build(cfg.model, allowed)
    if cfg.get("lr_scheduler") is not None:
        if not isinstance(module, GenerativeModule):
            raise ConfigError(f"lr_scheduler is given, and {type(module).__name__} is no GenerativeModule to use it")
        module.lr_scheduler = build(cfg.lr_scheduler, allowed)
    return module
