"""Two-stage training: a model that stands on another finds it in the store, or has it trained first.

A recipe names its first stage as a recipe of its own:

    first_stage: {experiment: vector_quantized/vqvae_mnist, overrides: {model: {num_embeddings: 256}}}

and its parts refer to `${first_stage.model}`, the first stage's resolved model, and `${paths.first_stage}`, the file
with its weights. The model is part of the config, so that the fingerprint covers it and `sample run=` needs nothing
else; the weights are in the second stage's own checkpoint as well. A first stage may stand on another in turn, as the
rounds of a progressive distillation do.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from omegaconf import DictConfig, OmegaConf, open_dict

from genlab.config.files import groups
from genlab.config.keys import names
from genlab.config.words import written
from genlab.errors import ConfigError

if TYPE_CHECKING:
    from genlab.runs.job import Outcome


def identify(cfg: DictConfig) -> DictConfig | None:
    """Write into `cfg` which first stage it stands on, so that its fingerprint is known before anything is trained.

    Returns:
        The first stage's config; None when `cfg` names none.

    Raises:
        ConfigError: the first stage cannot be composed.
    """
    if not _stands_on_another(cfg):
        return None
    from hydra.core.hydra_config import HydraConfig

    hydra = cfg.get("hydra") or HydraConfig.get()  # a job that is planned brings its own
    return _identified(cfg, hydra.runtime.choices)


def _stands_on_another(cfg: DictConfig) -> bool:
    stage = cfg.get("first_stage")
    return stage is not None and stage.get("experiment") is not None


def _identified(cfg: DictConfig, choices: Mapping[str, Any]) -> DictConfig:
    """The first stage of `cfg`, which is written into it; and so on down to one that stands on no other."""
    stage = cfg.first_stage
    first = _composed([*_inherited(cfg, choices), *_asked(stage)])
    if _stands_on_another(first):
        _identified(first, choices)
    with open_dict(cfg):
        cfg.first_stage.model = OmegaConf.to_container(first.model, resolve=True)
        if not cfg.trainer.get("fast_dev_run"):
            from genlab.runs.job import find

            cfg.first_stage.fingerprint = find(first).path.name
    return first


def prepare(cfg: DictConfig, carry_out: Callable[[DictConfig, list[str], str], Outcome]) -> None:
    """Give `cfg` its first stage, if it names one: trained now, trained before, or being trained elsewhere.

    Args:
        cfg: of the second stage; `first_stage.model`, `first_stage.fingerprint` and `paths.first_stage` are filled in.
        carry_out: (config, overrides, experiment) -> outcome: trains a run unless it is in the store.

    Raises:
        ConfigError: the first stage cannot be composed, or its training ended without a model.
    """
    first = identify(cfg)
    if first is None or cfg.trainer.get("fast_dev_run"):  # does everything fit? an untrained first stage tells as well
        return
    from genlab.runs.job import done_before, when_free

    if done_before(first) is None:
        prepare(first, carry_out)
    stage = cfg.first_stage
    outcome = when_free(lambda: carry_out(first, _asked(stage), str(stage.experiment)))
    from genlab.runs.store import Run
    from genlab.signals import end_if_asked

    end_if_asked()

    checkpoint = Run(outcome.run).checkpoint()
    if outcome.status != "completed" or checkpoint is None:
        reason = outcome.reason or "it has no checkpoint"
        raise ConfigError(f"first_stage = {stage.experiment}: {outcome.status}: {reason} (see {outcome.run})")
    with open_dict(cfg):
        cfg.paths.first_stage = str(checkpoint)


def _asked(stage: DictConfig) -> list[str]:
    return [f"experiment={stage.experiment}", *_words(OmegaConf.to_container(stage.overrides, resolve=True))]


def _words(overrides: Any, path: str = "") -> list[str]:
    """{model: {num_embeddings: 256}} -> ["model.num_embeddings=256"]."""
    if not isinstance(overrides, dict):
        new = "++" if path.startswith("first_stage.overrides.") else ""  # what a recipe asks its own first stage for
        return [f"{new}{path}={json.dumps(overrides)}"]
    return [word for key, value in overrides.items() for word in _words(value, f"{path}.{key}" if path else str(key))]


def _inherited(cfg: DictConfig, choices: Mapping[str, Any]) -> list[str]:
    """What the first stage takes over: where files are, which devices, who is told; of a group, what was chosen."""
    of_groups = groups()
    given = {
        name: choices.get(name) if name in of_groups else OmegaConf.select(cfg, name) for name in names(shared=True)
    }
    return [f"{name}={written(value)}" for name, value in given.items() if value is not None]


def _composed(words: list[str]) -> DictConfig:
    """The config of `genlab train` with these overrides, from the same folders as the running command's."""
    from hydra.core.global_hydra import GlobalHydra
    from hydra.types import RunMode

    from genlab.config.check import check
    from genlab.config.explain import explained

    try:
        loader = GlobalHydra.instance().config_loader()
        first = loader.load_configuration("train", overrides=words, run_mode=RunMode.RUN)
    except Exception as error:
        raise ConfigError(f"first_stage: {explained(error, words, 'train')}") from error
    with open_dict(first):
        first.pop("hydra", None)
    check(first)
    return first
