"""Composing a config inside a Python process, as the command line does and without a trace in Hydra's own state."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from omegaconf import DictConfig

from genlab.config.explain import UnlistedKey, explaining, with_listed
from genlab.config.hydra_limits import limited_hydra
from genlab.config.hydra_state import composing
from genlab.config.resolvers import register_resolvers
from genlab.config.schema import register
from genlab.config.words import is_swept, understood
from genlab.errors import ConfigError


def composed(words: Sequence[str], config_name: str = "train", folders: Sequence[Path] = ()) -> DictConfig:
    """The config `conf/<config_name>.yaml` with these words, Hydra's own part (`hydra`) included.

    Args:
        words: `key=value`, as on the command line.
        folders: more places of configs, looked in before genlab's own.

    Raises:
        ConfigError: a word cannot be read, or the config cannot be composed: a sentence for each problem.
    """
    from hydra import compose

    for word in words:
        if word.startswith("-"):
            raise ConfigError(f"{word} is a flag of the command line: a config is composed of words key=value")
        if "=" in word and is_swept(word):
            raise ConfigError(f"{word} gives several values: compose one config for each")
    register()
    register_resolvers()
    read = understood(words, several=False)
    with composing(folders):
        while True:
            try:
                with limited_hydra(), explaining(read, config_name):
                    return compose(config_name, read, return_hydra_config=True)
            except UnlistedKey as error:
                read = with_listed(read, error)
