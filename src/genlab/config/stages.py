"""The models that a config stands on, by name, and the one that its weights begin from.

    first_stage: {experiment: vector_quantized/vqvae_mnist, overrides: {model: {num_embeddings: 256}}}
    first_stages:
      vae: {experiment: my/autoencoder}
      teacher: {run: 3f2a9c01b7de}
    init_from: {run: 3f2a9c01b7de}

Parts refer to `${first_stages.vae.model}`, the resolved config of that model, and `${paths.stages.vae}`, the file with
its weights; `first_stage` is the short form for a single one, with `${first_stage.model}` and `${paths.first_stage}`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from omegaconf import DictConfig, ListConfig, OmegaConf, open_dict
from omegaconf.errors import OmegaConfBaseException

from genlab.config.lookup import get
from genlab.errors import listed, nearest

FILLED_IN_LATER = ("first_stage.", "first_stages.", "paths.first_stage", "paths.stages.", "paths.init_from")
"""Beginnings of the keys that are null until the models are known."""
_STAGE = {"experiment": str, "run": str, "overrides": dict, "model": dict, "fingerprint": str, "sha256": str}
_INIT = {
    "run": str, "recipe": str, "pipeline": str, "overrides": dict, "strict": bool, "match": list, "rename": dict,
    "fingerprint": str, "sha256": str, "asked": str,
}  # fmt: skip
_KINDS = {str: "text", dict: "a mapping", list: "a list", bool: "true or false"}
_WORDED = {"overrides": "a mapping of overrides, or a list of words", "run": "a folder, a fingerprint or latest"}


@dataclass(frozen=True)
class Upstream:
    """A trained model that a config needs.

    Args:
        key: where the config names it: "first_stage", "first_stages.vae" or "init_from".
        node: what stands there.
        place: the key of the file with its weights, null until it is known.
    """

    key: str
    node: DictConfig
    place: str

    @property
    def recipe(self) -> str | None:
        """The experiment that it is found or trained by."""
        return self.node.get("recipe" if self.key == "init_from" else "experiment")

    @property
    def run(self) -> Any:
        """The run that it is taken from, as `run=` of other commands names it."""
        return self.node.get("run")

    @property
    def source(self) -> str:
        """Key and value that name it, for sentences."""
        name = next(name for name in ("run", "pipeline", "recipe", "experiment") if self.node.get(name) is not None)
        return f"{self.key}.{name} = {self.node[name]}"


def upstreams(cfg: DictConfig) -> list[Upstream]:
    """The models that `cfg` needs, in the order in which it names them; what is of no use is left out."""
    models = [Upstream("first_stage", cfg.get("first_stage"), "paths.first_stage")]
    models += [Upstream(f"first_stages.{name}", node, f"paths.stages.{name}") for name, node in _named(cfg).items()]
    models.append(Upstream("init_from", cfg.get("init_from"), "paths.init_from"))
    return [one for one in models if isinstance(one.node, DictConfig) and _is_named(one)]


def _is_named(one: Upstream) -> bool:
    return any(value is not None for value in (one.recipe, one.run, one.node.get("pipeline")))


def _named(cfg: DictConfig) -> dict[str, Any]:
    stages = get(cfg, "first_stages")
    return {str(name): get(stages, str(name)) for name in stages} if isinstance(stages, DictConfig) else {}


def declare(cfg: DictConfig) -> None:
    """Give the stages of `cfg` the keys that are filled in when they are known, null, in place.

    References to them can be read from then on, and lead nowhere yet.
    """
    with open_dict(cfg):
        if isinstance(first := cfg.get("first_stage"), DictConfig):
            _declare(first)
        for name, node in _named(cfg).items():
            if isinstance(node, DictConfig):
                _declare(node)
            if isinstance(cfg.get("paths"), DictConfig):
                if not isinstance(cfg.paths.get("stages"), DictConfig):
                    cfg.paths.stages = {}
                cfg.paths.stages.setdefault(name, None)


def _declare(stage: DictConfig) -> None:
    stage.setdefault("model", None)
    if stage.get("experiment") is not None:
        stage.setdefault("overrides", {})
        stage.setdefault("fingerprint", None)


def is_of_a_stage(key: str) -> str | None:
    """What a key belongs to that no recipe lists: "init_from" or a stage's name; None for any other key."""
    match = _OF_A_STAGE.fullmatch(key)
    return match[1] if match and match[2] in _names_in(match[1]) else None


def unknown_of_a_stage(key: str) -> str | None:
    """What is wrong with a key below a stage or `init_from` that neither has; None for any other key."""
    match = _OF_A_STAGE.fullmatch(key)
    if match is None or match[2] in (names := _names_in(match[1])):
        return None
    hint = nearest(match[2], names) or f"; it has {listed(names)}"
    return f"unknown key '{match[1]}.{match[2]}'{hint}"


_OF_A_STAGE = re.compile(r"(init_from|first_stage|first_stages\.\w+)\.(\w+)(\..+)?")


def _names_in(stage: str) -> Mapping[str, type]:
    return _INIT if stage == "init_from" else _STAGE


def unknown_stage(reference: str, cfg: Any) -> str | None:
    """What is wrong with a reference to `first_stages.NAME` or `paths.stages.NAME`; None for any other key."""
    for beginning in ("first_stages.", "paths.stages."):
        if reference.startswith(beginning):
            name, names = reference.removeprefix(beginning).partition(".")[0], _named(cfg)
            there = f"first_stages has {listed(names)}" if names else "the config has no first_stages"
            return f"the stage {name!r}, and {there}{nearest(name, names)}" if name not in names else None
    return None


def stages_are_described(cfg: DictConfig) -> Iterator[str]:
    """Each stage is named by its recipe or its run; weights begin from one source."""
    stages = get(cfg, "first_stages")
    if stages is not None and not isinstance(stages, DictConfig):
        yield f"first_stages = {stages} must be a mapping: name of a stage -> {{experiment: ...}} or {{run: ...}}"
    if isinstance(first := get(cfg, "first_stage"), DictConfig):
        yield from _described(first, "first_stage", _STAGE, ())
    for name, node in _named(cfg).items():
        if not name.isidentifier():
            yield f"first_stages: {name!r} is no name of a stage: take letters, digits and '_', a letter first"
        yield from _described(node, f"first_stages.{name}", _STAGE, ("experiment", "run"))
        if isinstance(node, DictConfig) and str(get(node, "run")) == "latest":
            yield f"first_stages.{name}.run = latest is another run tomorrow: give the run's fingerprint or its folder"
    if (init := get(cfg, "init_from")) is not None:
        yield from _described(init, "init_from", _INIT, ("run", "recipe", "pipeline"))
        if (checkpoint := get(cfg, "ckpt_path")) is not None:
            yield (
                f"ckpt_path = {checkpoint} resumes a training and init_from begins another from weights: give one "
                "of them"
            )


def _described(node: Any, key: str, kinds: Mapping[str, type], one_of: tuple[str, ...]) -> Iterator[str]:
    if not isinstance(node, DictConfig):
        form = " or ".join(f"{{{name}: ...}}" for name in one_of or ("experiment",))
        yield f"{key} = {node} must be a mapping, {form}"
        return
    for name in map(str, node):
        if name not in kinds:
            yield f"unknown key '{key}.{name}'{nearest(name, kinds) or f'; it has {listed(kinds)}'}"
        elif (value := get(node, name)) is not None and not _is(value, kinds[name], name):
            yield f"{key}.{name} = {value} must be {_WORDED.get(name, _KINDS[kinds[name]])}"
    given = [name for name in one_of if get(node, name) is not None]
    if one_of and len(given) != 1:
        got = " and ".join(given) if given else "none of them"
        yield f"{key} must have one of {', '.join(one_of)}, and it has {got}"


def _is(value: Any, kind: type, name: str) -> bool:
    if name == "run":  # a fingerprint may look like a whole number
        return isinstance(value, str | int) and not isinstance(value, bool)
    if name == "overrides":
        return isinstance(value, DictConfig | ListConfig)
    containers: dict[type, type] = {dict: DictConfig, list: ListConfig}
    return isinstance(value, containers.get(kind, kind))


def stages_are_used(cfg: DictConfig) -> Iterator[str]:
    """No model is trained for nothing: each of `first_stages` is referred to by a part."""
    if get(cfg, "trainer") is None:
        return
    names = _named(cfg)
    text = json.dumps({str(k): _raw(cfg, k) for k in cfg if k != "first_stages"}, default=str) if names else ""
    for name in names:
        if not any(f"{{{prefix}.{name}{end}" in text for prefix in ("first_stages", "paths.stages") for end in ".}") \
                and f"oc.select:first_stages.{name}." not in text:  # fmt: skip
            yield (
                f"first_stages.{name} is used by nothing: a part refers to it by ${{first_stages.{name}.model}} and "
                f"${{paths.stages.{name}}}"
            )


def _raw(cfg: DictConfig, key: Any) -> Any:
    """What is written at `key`, references as their text."""
    node: Any = cfg._get_node(key)
    try:
        return OmegaConf.to_container(node, resolve=False) if OmegaConf.is_config(node) else str(node)
    except OmegaConfBaseException:
        return str(node)
