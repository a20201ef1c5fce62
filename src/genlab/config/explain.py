"""What a composition error of Hydra means, in one sentence with the nearest valid names."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from omegaconf import DictConfig, OmegaConf

from genlab.config.errors import listed, nearest
from genlab.config.files import conf_dir, groups, options


def explain(error: Exception, argv: list[str], config_name: str) -> str:
    """One sentence on a HydraException, OmegaConf error or YAML error raised while composing."""
    text = str(error)
    if isinstance(error, ValueError) and is_of_hydra(error):
        return _no_option(argv)
    if match := re.search(r"Could not override '(.+?)'", text):
        return _unknown_override(match[1], argv, config_name)
    if match := re.search(r"Could not find '(.+?)'", text):
        return _unknown_option(match[1], text)
    if match := re.search(r"In '(.+?)': \w+ raised while composing config:\s*Key '(.+?)' (?:is )?not in", text):
        known = list(flattened(_compose_without(argv, config_name, drop=match[1])))
        return f"unknown key {match[2]!r} in {match[1]}.yaml{nearest(match[2], known)}"
    if match := re.search(r"In '(.+?)': Could not load '(.+?)'", text):
        return _unknown_parent(match[1], match[2])
    if match := re.search(r"Cannot find primary config '(.+?)'", text):
        return f"there is no config {match[1]!r} in {conf_dir()}"
    if match := re.search(r"Value (.+?) of type .+? could not be converted to (\w+)", text + str(error.__cause__)):
        key = re.search(r"full_key: (\S+)", text + str(error.__cause__))
        kind = {"Integer": "a whole number", "Float": "a number", "Boolean": "true or false"}.get(match[2], match[2])
        return f"{key[1] if key else 'a value'} = {match[1]} must be {kind}"
    cause = f"; {error.__cause__}" if error.__cause__ is not None and str(error.__cause__) not in text else ""
    return re.sub(r"\s*\n\s*", "; ", (text + cause).strip()).partition("; full_key")[0]


def is_of_hydra(error: ValueError) -> bool:
    """Whether a ValueError is Hydra's way to say that a group was given no option."""
    return str(error).startswith("Config group override must be")


def flattened(node: Any, prefix: str = "") -> Iterator[str]:
    """The dotted keys of a config, inner ones included: model, model.coding_size, ..."""
    if not isinstance(node, DictConfig):
        return
    for key in map(str, node):
        path = f"{prefix}{key}"
        yield path
        if not OmegaConf.is_interpolation(node, key) and not OmegaConf.is_missing(node, key):
            yield from flattened(node._get_node(key), f"{path}.")


def _unknown_override(key: str, argv: list[str], config_name: str) -> str:
    group = key.partition("@")[0]
    if group in groups() or group.startswith("hydra/"):
        why = "the model does not use one" if config_name == "train" else f"neither the run nor {config_name} uses one"
        return f"this config has no {group!r} to choose: {why}"
    known = [*flattened(_compose_without(argv, config_name, drop=key)), *groups()]
    return f"unknown key {key!r}{nearest(key, known)}"


def _no_option(argv: list[str]) -> str:
    """`model=null`: a group is no key."""
    for word in argv:
        group, _, value = word.lstrip("+").partition("=")
        if group in groups() and value in ("null", "None", "~"):
            known = options(group)
            instead = f"take {group}=none" if "none" in known else f"{group} has {listed(known)}"
            return f"{group} = {value}: a group takes one of its options; {instead}"
    return "a group was given no option: a group takes one of its options"


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
    known = options(group) if group in groups() else re.findall(r"^\t(\S+)$", text, re.M)
    return f"unknown option {group}={option}{nearest(option, known)} ({group} has {listed(known)})"


def _unknown_parent(config: str, name: str) -> str:
    """Names in a defaults list are looked for beside the config itself, unless they begin with a slash."""
    known = [f"/{group}/{option}" for group in groups() for option in options(group)]
    alike = [other for other in known if other.rpartition("/")[2] == name.rpartition("/")[2]]
    advice = f"; did you mean {' or '.join(map(repr, alike[:3]))}?" if alike else nearest(f"/{name}", known)
    return f"{config}.yaml has {name!r} in its defaults, which is not there{advice}"


def _compose_without(argv: list[str], config_name: str, drop: str) -> DictConfig | None:
    """The config that the other overrides give, to look names up in; None when they give none either."""
    from hydra import compose, initialize_config_dir
    from hydra.core.global_hydra import GlobalHydra
    from hydra.errors import HydraException
    from omegaconf.errors import OmegaConfBaseException

    kept = [a for a in argv if "=" in a and not a.startswith("-") and a.lstrip("+~").partition("=")[0] != drop]
    kept = [
        a.partition(",")[0] if not re.search(r"[\[{('\"]", a) else a
        for a in kept
        if not a.endswith(f"={drop.partition('/')[2]}")
    ]
    GlobalHydra.instance().clear()
    for overrides in (kept, [a for a in kept if "." not in a.partition("=")[0]], []):
        try:
            with initialize_config_dir(str(conf_dir()), version_base="1.3"):
                return compose(config_name, overrides)
        except (HydraException, OmegaConfBaseException):
            continue
    return None
