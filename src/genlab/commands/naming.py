"""Names of the files that commands write: two different questions never have one file, the same question always has."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from omegaconf import DictConfig, ListConfig, OmegaConf

from genlab.errors import ConfigError

_NO_PART = {"run", "a", "b", "out", "paths", "hydra", "allow_targets"}
"""Keys that say where things are; what a run is stands in its config, and its folder in the path of the file."""
_LONGEST = 100


def question(cfg: DictConfig) -> str:
    """Eight hexadecimal digits that name what is asked: every value of the config, and which files it names."""
    values = {str(key): _plain(cfg, key) for key in cfg if key not in _NO_PART}
    return hashlib.sha256(json.dumps(values, sort_keys=True, default=str).encode()).hexdigest()[:8]


def stem(kind: str, cfg: DictConfig) -> str:
    """A file name without its ending, for people and for good: drawn_n_64_sampler_ddim-1a2b3c4d."""
    words = sorted(word for word in task_words() if not word.startswith("format="))
    readable = "_".join([kind, *(re.sub(r"[^A-Za-z0-9.]+", "_", word).strip("_") for word in words)])
    return f"{readable[:_LONGEST].rstrip('_.')}-{question(cfg)}"


def task_words() -> list[str]:
    """The words of this job, but for those that say where things are."""
    from hydra.core.hydra_config import HydraConfig

    words = [str(word) for word in OmegaConf.to_container(HydraConfig.get().overrides.task) or []]
    return without_places(words)


def without_places(words: Sequence[str]) -> list[str]:
    """The words, but for those that say where things are."""
    return [word for word in words if not word.startswith(("run=", "paths.", "out=", "allow_targets="))]


def refuse_one_place(jobs: Sequence[DictConfig]) -> None:
    """Raises ConfigError where jobs of a sweep would write over each other's results."""
    places = [str(cfg.out) for cfg in jobs if not OmegaConf.is_missing(cfg, "out") and cfg.out is not None]
    for place in dict.fromkeys(places):
        if (n := places.count(place)) > 1:
            raise ConfigError(
                f"out = {place} is one place for {n} jobs, which would write over each other: leave it away, and each "
                "has a name of its own, or let it differ, as in out='picture_${seed}.png'"
            )


def _plain(parent: Any, key: Any) -> Any:
    """The value at `key` as plain Python; a file with its size and date, for another one may come to have its name."""
    value = parent[key] if not OmegaConf.is_missing(parent, key) else None
    if isinstance(value, DictConfig):
        return {str(inner): _plain(value, inner) for inner in value}
    if isinstance(value, ListConfig):
        return [_plain(value, i) for i in range(len(value))]
    return [value, *_file(value)] if isinstance(value, str) else value


def _file(name: str) -> list[Any]:
    try:
        path = Path(name).expanduser()
        return [str(path.resolve()), path.stat().st_size, path.stat().st_mtime_ns] if path.is_file() else []
    except (OSError, ValueError, RuntimeError):
        return []
