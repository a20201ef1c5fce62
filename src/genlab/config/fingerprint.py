"""The name of a result: a short hash of everything that decides it, and of nothing else.

A run is named by what decides the training: the resolved config, the checksum of the data, the source of the user's own
classes and `genlab.RESULTS_VERSION`. What is measured of the trained model has a name of its own, so that other metrics
or more samples train nothing again. What each key decides is in `config/keys.py`. Files count by their content.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from omegaconf import DictConfig, ListConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from genlab import RESULTS_VERSION
from genlab.config.keys import NULL_IS_ABSENT, Decides, decides, is_listed, key
from genlab.config.renamed import first_name, first_reference
from genlab.config.sources import content_digest, source_digest
from genlab.errors import ConfigError

_OF_CODEC = "${codec_or_data:"


def fingerprint(cfg: DictConfig, data_checksum: str, follow: bool = True) -> str:
    """Twelve hexadecimal digits that name the training of `cfg` on data of that checksum.

    Args:
        follow: files count by their content. False for the config of a folder that anybody may have sent: no file that
            it names is read, and the name is that of a request which names no files.
    """
    content = {"config": training(cfg, follow), "data": data_checksum, "version": RESULTS_VERSION}
    return _hash(content | _own_source(cfg, content) | _counts_batches(cfg))


def _counts_batches(cfg: DictConfig) -> dict[str, str]:
    """What tells a training from one of the same config when `max_steps` still counted windows of accumulation."""
    trainer = cfg.get("trainer") or {}
    steps, window = trainer.get("max_steps"), trainer.get("accumulate_grad_batches")
    is_other = isinstance(steps, int) and steps > 0 and isinstance(window, int) and window > 1
    return {"max_steps": "batches"} if is_other else {}


def measurement(cfg: DictConfig, follow: bool = True) -> str | None:
    """Twelve hexadecimal digits that name what `cfg` measures of its model; None where it measures nothing."""
    if not cfg.get("test", True) or not (cfg.get("metrics") or {}).get("metrics"):
        return None
    content = _by_content({k: v for k, v in _measured(cfg).items() if k != "test"}, follow)
    return _hash(content | _own_source(cfg, content))


def of_saved(config: Callable[[], DictConfig], name: Callable[[DictConfig], str | None]) -> str | None:
    """A name of the config in a run's folder; None where that is damaged in any way."""
    try:
        return name(config())
    except (ConfigError, OmegaConfBaseException, TypeError, AttributeError, ValueError, KeyError):
        return None


def training(cfg: DictConfig, follow: bool = True) -> dict[str, Any]:
    """The part of a config that decides what is trained, as a plain dict; files by their content, if `follow`.

    A measurement belongs to it where the training asks for it, as `callbacks=scored` does.
    """
    trained, measured = _part(cfg, "training"), _part(cfg, "measurement")
    text = json.dumps(trained, default=str)
    while references := [name for name in measured if re.search(rf"\$\{{{name}[}}.]", text)]:
        trained |= {name: measured.pop(name) for name in references}
        text = json.dumps(trained, default=str)
    return {str(k): v for k, v in _by_content(trained, follow).items()}


def decisive(cfg: DictConfig) -> dict[str, Any]:
    """All that decides a result, the training and what is measured, as a plain dict; files by their names."""
    return training(cfg, follow=False) | {k: v for k, v in _measured(cfg).items() if v is not None}


def content_name(cfg: DictConfig) -> str:
    """Twelve hexadecimal digits of all that decides a result; another one where a file or an own class has changed."""
    decisive_keys = training(cfg, follow=False) | _measured(cfg)
    content = _by_content({k: v for k, v in decisive_keys.items() if is_listed(k)}, follow=True)
    return _hash(content | _own_source(cfg, content))


def name_with_measurement(cfg: DictConfig, data_checksum: str) -> str:
    """The name that a run had when what is measured was still part of it, and files counted by their path."""
    content = {"config": _part(cfg, "training") | _measured(cfg), "data": data_checksum, "version": RESULTS_VERSION}
    return _hash(content)


def self_contained(cfg: DictConfig) -> dict[str, Any]:
    """The config as a plain dict, resolved but for references to whole nodes and to paths."""
    return {
        str(k): _resolved(cfg, k)
        for k in cfg
        if key(str(k)).saved and cfg._get_node(k) is not None and cfg[k] is not None
    }


def _hash(content: Any) -> str:
    text = json.dumps(_with_first_names(content), sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def _with_first_names(node: Any) -> Any:
    """The same values; a part that was renamed has its first name, so that a result keeps its own."""
    if isinstance(node, Mapping):
        return {
            k: first_name(v) if k == "_target_" and isinstance(v, str) else _with_first_names(v)
            for k, v in node.items()
        }
    return [_with_first_names(item) for item in node] if isinstance(node, list) else node


def _part(cfg: DictConfig, what: Decides) -> dict[str, Any]:
    """The keys of `cfg` that decide `what`, as plain values."""
    values = {k: _plain(cfg, k, what, str(k)) for k in map(str, cfg) if cfg._get_node(k) is not None}
    always: dict[str, Any] = {"trainer": {}, "callbacks": {}} if what == "training" else {}
    return always | {k: v for k, v in values.items() if v is not None and decides(k) == what}


def _measured(cfg: DictConfig) -> dict[str, Any]:
    """What is measured; an extractor that no metric looks through is chosen, and decides nothing."""
    part = _part(cfg, "measurement")
    looked_through = "${extractor}" in str(part.get("metrics"))
    return {k: v for k, v in part.items() if looked_through or k != "extractor"}


def _plain(parent: DictConfig | ListConfig, k: Any, what: Decides, name: str) -> Any:
    """The value at `k` as plain Python; references to whole nodes are left out: the node counts where it stands."""
    value = parent[k]
    if isinstance(value, DictConfig | ListConfig) and (reference := _reference(parent, k)) is not None:
        return reference
    if isinstance(value, DictConfig):
        return {
            child: _plain(value, child, what, f"{name}.{child}")
            for child in map(str, value)
            if decides(f"{name}.{child}") == what
            and "${paths." not in str(_raw(value, child))
            and not (child in NULL_IS_ABSENT and value[child] is None)
        }
    if isinstance(value, ListConfig):
        return [_plain(value, i, what, name) for i in range(len(value))]
    return value


def _by_content(plain: Mapping[str, Any], follow: bool) -> dict[str, Any]:
    """The same values, with a digest of its content for each text that names a file, if `follow`."""

    def of(node: Any, in_source: bool = False) -> Any:
        if isinstance(node, Mapping):
            return {str(k): of(v, in_source or k == "source") for k, v in node.items()}
        if isinstance(node, list):
            return [of(item, in_source) for item in node]
        return content_digest(node, of_folders=not in_source) if isinstance(node, str) else node

    if not follow:
        return dict(plain)
    return {str(k): of(v) for k, v in plain.items()}


def _own_source(cfg: DictConfig, content: Mapping[str, Any]) -> dict[str, str]:
    """{"source": digest} of what `allow_targets` lets the config build and `content` does build; {} of nothing."""
    allowed = {str(name) for name in cfg.get("allow_targets") or []}
    own = allowed & set(re.findall(r'"_target_": "([^"]+)"', json.dumps(content, default=str)))
    return {"source": source_digest(own)} if own else {}


def _resolved(parent: DictConfig | ListConfig, k: Any) -> Any:
    raw = _reference(parent, k)
    if raw is not None and "${paths." in raw:
        return raw
    value = parent[k]
    if isinstance(value, DictConfig):
        return raw if raw is not None else {str(child): _resolved(value, child) for child in value}
    if isinstance(value, ListConfig):
        return raw if raw is not None else [_resolved(value, i) for i in range(len(value))]
    return value


def _reference(parent: DictConfig | ListConfig, k: Any) -> str | None:
    """What is written at `k` as it was written first; None for a value, and for what is the codec's own."""
    raw = _raw(parent, k)
    if raw is None or not raw.startswith(_OF_CODEC):
        return raw
    root: Any = parent._get_root()
    codec = root.get("codec")
    is_codecs = isinstance(codec, DictConfig) and raw.removeprefix(_OF_CODEC).rstrip("}") in codec
    return None if is_codecs else first_reference(raw)


def _raw(parent: DictConfig | ListConfig, k: Any) -> Any:
    """What is written at `k`, an interpolation as its text."""
    node: Any = parent._get_node(k)
    return node._value() if OmegaConf.is_interpolation(parent, k) else None
