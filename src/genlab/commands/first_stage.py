"""Training on top of trained models: each is found in the store, or has its own training first.

What a config names, and how its parts refer to it, is in `config/stages.py`. The resolved config of a stage's model
becomes part of the config, so that the fingerprint covers it and `sample run=` needs nothing else; the weights are in
the checkpoint of the run that stands on it as well. A stage may have stages of its own, as the rounds of a progressive
distillation do.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from omegaconf import DictConfig, OmegaConf, open_dict

from genlab.codecs.rules import codes_are_of_a_vqvae
from genlab.commands import init_from
from genlab.commands.extractor_runs import note_runs
from genlab.commands.foreign_folders import note_folders
from genlab.config.files import groups
from genlab.config.keys import names
from genlab.config.stages import Upstream, declare, upstreams
from genlab.config.words import written
from genlab.errors import ConfigError

if TYPE_CHECKING:
    from genlab.runs.job import Outcome

Chain = tuple[tuple[str, ...], ...]
"""The words of the recipes that are being composed, one within another."""


def identify(cfg: DictConfig) -> dict[str, DictConfig]:
    """Write into `cfg` which models it stands on, so that its fingerprint is known before anything is trained.

    Returns:
        Key in `cfg` -> config of each that is a recipe.

    Raises:
        ConfigError: a recipe cannot be composed, stands on itself, a run cannot be found, or what is found is of the
            wrong kind.
    """
    note_folders(cfg)
    note_runs(cfg)
    if not upstreams(cfg):
        return {}
    from hydra.core.hydra_config import HydraConfig

    hydra = cfg.get("hydra") or HydraConfig.get()  # a job that is planned brings its own
    recipes = _identified(cfg, hydra.runtime.choices, ())
    for sentence in codes_are_of_a_vqvae(cfg):  # before the first stage is trained
        raise ConfigError(sentence)
    return recipes


def _identified(cfg: DictConfig, choices: Mapping[str, Any], chain: Chain) -> dict[str, DictConfig]:
    """The recipes that `cfg` stands on; so down to those that stand on none."""
    declare(cfg)
    recipes = {}
    for one in upstreams(cfg):
        if one.recipe is not None:
            recipes[one.key] = _recipe(cfg, one, choices, chain)
        elif one.key == "init_from":
            init_from.identify(cfg)
        else:
            _run(cfg, one)
    return recipes


def _recipe(cfg: DictConfig, one: Upstream, choices: Mapping[str, Any], chain: Chain) -> DictConfig:
    words = tuple(_request(one))
    if words in chain:
        way = " -> ".join(word[0].partition("=")[2] for word in [*chain[chain.index(words) :], words])
        raise ConfigError(f"{one.source} stands on itself: {way}")
    first = _composed([*_inherited(cfg, choices), *words], one)
    note_folders(first)
    _identified(first, choices, (*chain, words))
    with open_dict(cfg):
        if one.key != "init_from":
            one.node.model = OmegaConf.to_container(first.model, resolve=True)
        if not cfg.trainer.get("fast_dev_run"):
            from genlab.runs.job import find

            one.node.fingerprint = find(first).path.name
    return first


def _run(cfg: DictConfig, one: Upstream) -> None:
    """Note the model and the weights of a run that `one` names; what a saved config has noted stays."""
    if one.node.get("sha256") is not None and one.node.get("model") is not None:
        return
    from genlab.data.digest import file_digest
    from genlab.runs.run_config import own_config

    run = init_from.upstream_run(cfg, one)
    own = own_config(run)
    own.paths = cfg.paths
    with open_dict(own):
        own.paths.first_stage, own.paths.stages = None, {}
    declare(own)
    with open_dict(cfg):
        one.node.run = str(run.path)
        one.node.model = OmegaConf.to_container(own.model, resolve=True)
        one.node.sha256 = file_digest(init_from.whole_checkpoint(run, one))


def prepare(cfg: DictConfig, carry_out: Callable[[DictConfig, list[str], str], Outcome]) -> None:
    """Give `cfg` the models that it needs: trained now, trained before, or being trained elsewhere.

    A run that is trained already needs none.

    Args:
        cfg: what it says of each model, and the keys of their files in `paths`, are filled in.
        carry_out: (config, overrides, experiment) -> outcome: trains a run unless it is in the store.

    Raises:
        ConfigError: a recipe cannot be composed, its training ended without a model, or a run has changed.
    """
    recipes = identify(cfg)
    needed = upstreams(cfg)
    if not needed:
        return
    from genlab.runs.job import find, is_trained

    is_tried = bool(cfg.trainer.get("fast_dev_run"))  # does everything fit? an untrained model tells as well
    if not is_tried and is_trained(cfg):
        if cfg.train:
            return
        needed = [one for one in needed if one.key == "init_from"]  # a run that only scores has no weights of its own
    for one in needed:
        if one.key == "init_from" and cfg.train and not is_tried and find(cfg).checkpoint() is not None:
            continue  # which has gone on from its weights
        if one.key not in recipes:
            place = init_from.unchanged(cfg, one)
        elif is_tried:
            continue
        else:
            place = _trained(recipes[one.key], one, carry_out)
        with open_dict(cfg):
            OmegaConf.update(cfg, one.place, str(place))


def _trained(first: DictConfig, one: Upstream, carry_out: Callable[[DictConfig, list[str], str], Outcome]) -> Path:
    """The checkpoint of a recipe, trained now or before."""
    from genlab.runs.job import when_free

    prepare(first, carry_out)
    outcome = when_free(lambda: carry_out(first, _request(one), str(one.recipe)))
    from genlab.runs.store import Run
    from genlab.signals import end_if_signalled

    end_if_signalled()
    checkpoint = Run(outcome.run).checkpoint()
    if outcome.status != "completed" or checkpoint is None:
        reason = outcome.reason or "it has no checkpoint"
        raise ConfigError(f"{one.key} = {one.recipe}: {outcome.status}: {reason} (see {outcome.run})")
    return checkpoint


def _request(one: Upstream) -> list[str]:
    overrides = one.node.get("overrides")
    values = OmegaConf.to_container(overrides, resolve=True) if overrides is not None else {}
    return [f"experiment={one.recipe}", *_words(values)]


def _words(overrides: Any, path: str = "") -> list[str]:
    """{model: {num_embeddings: 256}} -> ["model.num_embeddings=256"]; of a list of words the words."""
    if isinstance(overrides, list) and not path:
        return [str(word) for word in overrides]
    if not isinstance(overrides, dict):
        of_own = re.match(r"(first_stage|first_stages\.\w+|init_from)\.overrides\.", path)
        return [f"{'++' if of_own else ''}{path}={json.dumps(overrides)}"]  # what a recipe asks its own stages for
    return [word for key, value in overrides.items() for word in _words(value, f"{path}.{key}" if path else str(key))]


def _inherited(cfg: DictConfig, choices: Mapping[str, Any]) -> list[str]:
    """What a stage takes over: where files are, the devices, the loggers; of a group, what was chosen."""
    of_groups = groups()
    given = {
        name: choices.get(name) if name in of_groups else OmegaConf.select(cfg, name) for name in names(shared=True)
    }
    return [f"{name}={written(value)}" for name, value in given.items() if value is not None]


def _composed(words: list[str], one: Upstream) -> DictConfig:
    """The config of `genlab train` with these overrides, from the same folders as the running command's."""
    from hydra.core.global_hydra import GlobalHydra
    from hydra.types import RunMode

    from genlab.config.check import check
    from genlab.config.explain import explained

    try:
        loader = GlobalHydra.instance().config_loader()
        first = loader.load_configuration("train", overrides=words, run_mode=RunMode.RUN)
    except Exception as error:
        raise ConfigError(f"{one.source}: {explained(error, words, 'train')}") from error
    with open_dict(first):
        first.pop("hydra", None)
    try:
        check(first)
    except ConfigError as error:
        raise ConfigError([f"{one.source}: {problem}" for problem in error.problems]) from error
    return first
