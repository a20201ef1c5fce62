"""What a composition error of Hydra means, in one sentence with the nearest valid names."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from omegaconf import DictConfig, OmegaConf

from genlab.annotations.signatures import takes_parameter
from genlab.config.files import conf_dir, groups, options
from genlab.config.hydra_state import composing
from genlab.config.misread import ill_typed, misread, one_line
from genlab.config.stages import is_of_a_stage, unknown_of_a_stage
from genlab.errors import ConfigError, listed, nearest


class UnlistedKey(ConfigError):
    """A key that the config does not list, though the part that it belongs to has such a parameter."""

    def __init__(self, key: str, part: str) -> None:
        self.key = key
        super().__init__(f"{part} takes {key!r}, and the config does not list it: write it as +{key}=...")


def explained(error: Exception, argv: list[str], config_name: str) -> ConfigError:
    """A HydraException, OmegaConf error or YAML error raised while composing, in one sentence."""
    if match := re.search(r"Could not override '(.+?)'", str(error)):
        return _unknown_override(match[1], error, argv, config_name)
    return ConfigError(_sentence(error, argv, config_name))


@contextmanager
def explaining(words: list[str], config_name: str) -> Iterator[None]:
    """Errors of composing `conf/<config_name>.yaml` with these words leave the block as ConfigError."""
    from hydra.errors import HydraException
    from omegaconf.errors import OmegaConfBaseException
    from yaml import YAMLError

    try:
        yield
    except (HydraException, OmegaConfBaseException, YAMLError) as error:
        raise explained(error, words, config_name) from error
    except ValueError as error:
        if not is_of_hydra(error):
            raise
        raise explained(error, words, config_name) from error


def with_listed(words: list[str], error: UnlistedKey) -> list[str]:
    """The words with one that adds the key, which only Hydra needs.

    Raises:
        UnlistedKey: no word gives the key; it stands in a file.
    """
    added = [f"++{word}" if word.partition("=")[0] == error.key else word for word in words]
    if added == words:
        raise error
    return added


def _sentence(error: Exception, argv: list[str], config_name: str) -> str:
    text = str(error)
    if isinstance(error, ValueError) and is_of_hydra(error):
        return _no_option(argv)
    if match := re.search(r"Could not find '(.+?)'", text):
        return _unknown_option(match[1], text)
    if match := re.search(r"In '(.+?)': \w+ raised while composing config:\s*Key '(.+?)' (?:is )?not in", text):
        keys = list(flattened(_compose_without(argv, config_name, drop=match[1])))
        return f"unknown key {match[2]!r} in {match[1]}.yaml{nearest(match[2], keys)}"
    if match := re.search(r"In '(.+?)': Could not load '(.+?)'", text):
        return _unknown_parent(match[1], match[2])
    if match := re.search(r"Cannot find primary config '(.+?)'", text):
        return f"there is no config {match[1]!r} in {conf_dir()}"
    if match := re.search(r"Additional config directory '(.+?)' not found", text):
        return f"--config-dir {match[1]} is no folder"
    if (sentence := misread(error)) is not None:
        return sentence
    if match := re.search(r"Could not delete from config\. '(.+?)' does not exist", text):
        keys = list(flattened(_compose_without(argv, config_name, drop=match[1])))
        return f"~{match[1]}: the config has no {match[1]!r} to take out{nearest(match[1], keys)}"
    return ill_typed(error) or one_line(error)


def unlisted(argv: list[str], config_name: str) -> UnlistedKey | None:
    """The first key that the first job of a sweep gives to a part without that its config lists it; None without."""
    from hydra.errors import HydraException
    from omegaconf.errors import OmegaConfBaseException

    try:
        _composed(_first_values(_overrides(argv)), config_name)
    except (HydraException, OmegaConfBaseException) as error:
        cause = explained(error, argv, config_name)
        return cause if isinstance(cause, UnlistedKey) else None
    return None


def _first_values(words: list[str]) -> list[str]:
    """The words of a sweep's first job, near enough to see which keys its config has."""
    from hydra.core.override_parser.overrides_parser import OverridesParser
    from hydra.core.override_parser.types import Glob, IntervalSweep

    kept = []
    for override in OverridesParser.create().parse_overrides(words):
        value, key = override.value(), override.get_key_element()
        if not override.is_sweep_override():
            kept.append(str(override.input_line))
        elif isinstance(value, IntervalSweep):
            kept.append(f"{key}={value.start}")
        elif not isinstance(value, Glob):
            kept.append(f"{key}={next(override.sweep_string_iterator())}")
    return kept


def _overrides(argv: list[str]) -> list[str]:
    return [word for word in argv if "=" in word and not word.startswith("-")]


def is_of_hydra(error: ValueError) -> bool:
    """Whether a ValueError is Hydra's way to say that a group was given no option."""
    return str(error).startswith("Config group override must be")


def flattened(node: Any, prefix: str = "") -> Iterator[str]:
    """The dotted keys of a config that a person sets, inner ones included: model, model.coding_size, ..."""
    if not isinstance(node, DictConfig):
        return
    for key in map(str, node):
        if key.startswith("_"):  # _target_, which another option of the group changes
            continue
        path = f"{prefix}{key}"
        yield path
        if not OmegaConf.is_interpolation(node, key) and not OmegaConf.is_missing(node, key):
            yield from flattened(node._get_node(key), f"{path}.")


def _unknown_override(key: str, error: Exception, argv: list[str], config_name: str) -> ConfigError:
    group, at, _ = key.partition("@")
    if at:
        return ConfigError(
            f"{key}: this config chooses nothing there; an option of a group is chosen as {group}=OPTION"
        )
    inner = getattr(error.__cause__, "full_key", None) or key  # of a mapping, the key in it that is unknown
    if inner in groups() or (inner == key and group.startswith("hydra/")):
        group = inner if inner in groups() else group
        why = "the model does not use one" if config_name == "train" else f"neither the run nor {config_name} uses one"
        return ConfigError(f"this config has no {group!r} to choose: {why}")
    if key == inner or key.startswith(f"{inner}."):
        if (whose := is_of_a_stage(key)) is not None:
            return UnlistedKey(key, whose)
        if (problem := unknown_of_a_stage(key)) is not None:
            return ConfigError(problem)
    composed = _compose_without(argv, config_name, drop=key)
    parent, _, name = inner.rpartition(".")
    node = OmegaConf.select(composed, parent) if composed is not None and parent else None
    if isinstance(node, DictConfig) and inner == key and takes_parameter(str(node.get("_target_")), name):
        return UnlistedKey(key, str(node["_target_"]).rpartition(".")[2])
    keys = [*flattened(composed), *groups()]
    return ConfigError(f"unknown key {inner!r}{nearest(inner, keys)}")


def _no_option(argv: list[str]) -> str:
    """A group was given a null, a number or a list, which the words still show: `model=null`."""
    for word in argv:
        group, _, value = word.lstrip("+").partition("=")
        if group not in groups() or value in (names := options(group)):
            continue
        if value in ("null", "None", "~"):
            instead = f"take {group}=none" if "none" in names else f"{group} has {listed(names)}"
            return f"{group} = {value}: a group takes one of its options; {instead}"
        return f"unknown option {group}={value} ({group} has {listed(names)})"
    return "a group is chosen by the name of one of its options"


_EXTRAS = {"submitit_local": "submitit", "submitit_slurm": "submitit", "ray": "ray"}
"""Launchers that come as plugins of Hydra -> the extra that installs them."""


def _unknown_option(name: str, text: str) -> str:
    folder, _, choice = name.rpartition("/")
    if folder == "hydra/launcher" and choice in _EXTRAS:
        return f"launcher={choice} needs a plugin that is not installed: pip install 'genlab[{_EXTRAS[choice]}]'"
    group, _, option = name.rpartition("/")
    while group and group not in groups() and not group.startswith("hydra"):
        group, _, rest = group.rpartition("/")
        option = f"{rest}/{option}"
    if not group:
        return f"there is no config {name!r}{nearest(name, groups())}"
    names = options(group) if group in groups() else re.findall(r"^\t(\S+)$", text, re.M)
    return f"unknown option {group}={option}{nearest(option, names)} ({group} has {listed(names)})"


def _unknown_parent(config: str, name: str) -> str:
    """Names in a defaults list are looked for beside the config itself, unless they begin with a slash."""
    names = [f"/{group}/{option}" for group in groups() for option in options(group)]
    alike = [other for other in names if other.rpartition("/")[2] == name.rpartition("/")[2]]
    advice = f"; did you mean {' or '.join(map(repr, alike[:3]))}?" if alike else nearest(f"/{name}", names)
    return f"{config}.yaml has {name!r} in its defaults, which is not there{advice}"


def _compose_without(argv: list[str], config_name: str, drop: str) -> DictConfig | None:
    """The config that the other overrides give, to look names up in; None when they give none either."""
    from hydra.errors import HydraException
    from omegaconf.errors import OmegaConfBaseException

    kept = [a for a in _overrides(argv) if a.lstrip("+~").partition("=")[0] != drop]
    kept = [
        a.partition(",")[0] if not re.search(r"[\[{('\"]", a) else a
        for a in kept
        if not a.endswith(f"={drop.partition('/')[2]}")
    ]
    for overrides in (kept, [a for a in kept if "." not in a.partition("=")[0]], []):
        try:
            return _composed(overrides, config_name)
        except (HydraException, OmegaConfBaseException):
            continue
    return None


def _composed(overrides: list[str], config_name: str) -> DictConfig:
    from hydra import compose

    with composing():
        return compose(config_name, overrides)
