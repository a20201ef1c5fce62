"""The name of a result: a short hash of everything that decides it, and of nothing else.

In it: the resolved config, the checksum of the data and `genlab.RESULTS_VERSION`. Not in it: paths and folders,
loggers, launchers, the device and how many, progress, checkpoints and previews, tags and names, retries.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

from omegaconf import DictConfig, ListConfig, OmegaConf

from genlab import RESULTS_VERSION

_ROOT_KEYS = {
    "paths", "logger", "tags", "task_name", "force", "retries", "sweep", "rows", "allow_targets", "hydra",
    "experiment",
}  # fmt: skip
_TRAINER_KEYS = {
    "accelerator", "devices", "num_nodes", "strategy", "enable_progress_bar", "enable_model_summary",
    "log_every_n_steps", "default_root_dir", "profiler", "enable_checkpointing",
}  # fmt: skip
_CALLBACKS = {"progress", "history", "checkpoints", "previews", "interruption", "pruning"}
_FOLDERS = {"folder", "data_dir", "weights_dir", "cache_dir"}


def decisive(cfg: DictConfig) -> dict[str, Any]:
    """The part of a config that decides the result, as a plain dict."""
    plain = {str(k): _plain(cfg, k) for k in cfg if k not in _ROOT_KEYS and cfg._get_node(k) is not None}
    plain["trainer"] = {k: v for k, v in (plain.get("trainer") or {}).items() if k not in _TRAINER_KEYS}
    plain["callbacks"] = {k: v for k, v in (plain.get("callbacks") or {}).items() if k not in _CALLBACKS}
    scored = "${extractor}" in str(plain.get("metrics"))  # else it is chosen, and nothing is scored with it
    return {k: v for k, v in plain.items() if v is not None and (scored or k != "extractor")}


def fingerprint(cfg: DictConfig, data_checksum: str) -> str:
    """Twelve hexadecimal digits that name the result of `cfg` on data of that checksum."""
    content = {"config": decisive(cfg), "data": data_checksum, "version": RESULTS_VERSION}
    text = json.dumps(content, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def self_contained(cfg: DictConfig) -> dict[str, Any]:
    """The config as a plain dict, resolved but for references to whole nodes and to paths."""
    return {
        str(k): _resolved(cfg, k)
        for k in cfg
        if k not in _NOT_SAVED and cfg._get_node(k) is not None and cfg[k] is not None
    }


_NOT_SAVED = {"hydra", "paths", "force", "retries", "rows", "experiment"}


def _resolved(parent: DictConfig | ListConfig, key: Any) -> Any:
    raw = _raw(parent, key)
    if raw is not None and "${paths." in raw:
        return raw
    value = parent[key]
    if isinstance(value, DictConfig):
        return raw if raw is not None else {str(k): _resolved(value, k) for k in value}
    if isinstance(value, ListConfig):
        return raw if raw is not None else [_resolved(value, i) for i in range(len(value))]
    return value


def _plain(parent: DictConfig | ListConfig, key: Any) -> Any:
    """The value at `key` as plain Python; references to whole nodes are left out: the node counts where it stands."""
    value = parent[key]
    if isinstance(value, DictConfig | ListConfig) and OmegaConf.is_interpolation(parent, key):
        return _raw(parent, key)
    if isinstance(value, DictConfig):
        return {
            str(k): _plain(value, k) for k in value if str(k) not in _FOLDERS and "${paths." not in str(_raw(value, k))
        }
    if isinstance(value, ListConfig):
        return [_plain(value, i) for i in range(len(value))]
    return value


def _raw(parent: DictConfig | ListConfig, key: Any) -> Any:
    """What is written at `key`, an interpolation as its text."""
    node: Any = parent._get_node(key)
    return node._value() if OmegaConf.is_interpolation(parent, key) else None
