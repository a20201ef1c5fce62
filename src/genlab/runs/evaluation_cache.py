"""A trained model, its data and its metrics, loaded once for all the ways in which a sweep evaluates it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from omegaconf import DictConfig, OmegaConf

from genlab.config import keys
from genlab.config.instantiate import build
from genlab.errors import ConfigError, nearest
from genlab.runs.restore import newest, restore
from genlab.runs.store import Run, is_whole

REPLACEABLE = tuple(name for name in keys.names(replaceable=True) if keys.decides(name) == "training")
"""Parts of a model that hold no weights: they are exchanged, the rest stays."""


def checkpoint_of(run: Run, which: str) -> Path:
    """The run's "last" whole checkpoint, or its "best".

    Raises:
        ConfigError: it has none.
    """
    if which == "last":
        return newest(run)
    path = run.checkpoints / f"{which}.ckpt"
    if which != "best":
        raise ConfigError(f"checkpoint = {which!r} must be last or best{nearest(which, ('last', 'best'))}")
    if not is_whole(path):
        raise ConfigError(
            f"checkpoint = best: {path} is {'damaged' if path.exists() else 'absent'}; a run keeps its best with "
            "callbacks=scored callbacks.scores.monitor=METRIC or callbacks.checkpoints.monitor=TERM"
        )
    return path


class EvaluationCache:
    """Builds what a job asks for, and keeps it for the next job that asks for the same."""

    def __init__(self) -> None:
        self._kept: dict[str, tuple[str, Any]] = {}
        self.loads = 0
        """How often a checkpoint was read."""

    def part(self, cfg: DictConfig, key: str) -> Any:
        """What the config describes under `key`: the data, the suite of metrics."""
        description = _text(OmegaConf.to_container(cfg[key], resolve=True))
        if self._kept.get(key, ("", None))[0] != description:
            self._kept[key] = description, build(cfg[key], list(cfg.get("allow_targets") or []))
        return self._kept[key][1]

    def model(self, cfg: DictConfig, checkpoint: Path) -> Any:
        """The model of `cfg` with the weights of `checkpoint`, and with the sampler and the guidance of `cfg`."""
        described = OmegaConf.to_container(cfg.model, resolve=True)
        assert isinstance(described, dict), "a model is a mapping with a _target_"
        changing = [name for name in REPLACEABLE if described.pop(name, None) is not None]
        description = _text([str(checkpoint), described])
        if self._kept.get("model", ("", None))[0] != description:
            self.loads += 1
            self._kept["model"] = description, restore(cfg, checkpoint)
            return self._kept["model"][1]
        module = self._kept["model"][1]
        for name in changing:
            setattr(module, name, build(cfg.model[name], list(cfg.get("allow_targets") or [])))
        return module


def _text(content: Any) -> str:
    return json.dumps(content, sort_keys=True, default=str)
