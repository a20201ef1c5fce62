"""Composes training configs as the command line does."""

from hydra import compose, initialize_config_dir

from genlab.config.files import conf_dir
from genlab.config.hydra_limits import limited_hydra
from genlab.config.resolvers import register_resolvers
from genlab.config.schema import register
from genlab.errors import ConfigError


def composed(*overrides, verb="train"):
    """The config of `genlab VERB *overrides`."""
    register()
    register_resolvers()
    with initialize_config_dir(str(conf_dir()), version_base="1.3"), limited_hydra():
        return compose(verb, list(overrides))


def problems(*overrides):
    """What `genlab train *overrides` would be refused for: a sentence each."""
    from genlab.config.check import check

    try:
        check(composed(*overrides))
    except ConfigError as error:
        return error.problems
    return []


def with_words(usual, *words):
    """The usual words of a command, but for those whose key is given again: a key is given once."""
    given = {word.partition("=")[0].lstrip("+~") for word in words}
    return [*(word for word in usual if word.partition("=")[0].lstrip("+~") not in given), *words]
