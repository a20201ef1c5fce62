"""YAML from a stranger: a run's folder, rows of a sweep or a folder of configs may have been sent by anybody."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from genlab.errors import ConfigError
from genlab.regular import NoFile, open_regular

MOST_BYTES = 2**20
MOST_NODES = 100_000
"""Values that a file may stand for once its aliases are written out."""
DEEPEST = 40
_RESOLVER = re.compile(r"\$\{(?!oc\.select:[\w.]+\})[^}]*[:$]", re.DOTALL)
"""${name:...}, also where another key gives the name; ${oc.select:key} is but a key that may be absent."""


def load_untrusted(path: Path) -> Any:
    """The content of a YAML file as an OmegaConf node.

    Raises:
        OSError: it cannot be read.
        ConfigError: it is beyond the limits of `limited_text`, has aliases, or asks for more than another key of its
            own (`${oc.env:HOME}` would read the environment into a report).
    """
    import yaml
    from omegaconf import OmegaConf

    text = limited_text(path, aliases=False)
    for token in yaml.scan(text, getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
        if isinstance(token, yaml.ScalarToken) and _RESOLVER.search(token.value):
            raise ConfigError(f"{path} has {token.value!r}, and the config of a run refers to its own keys only")
    try:
        return OmegaConf.create(text)
    except yaml.YAMLError as error:
        raise ConfigError(f"{path} is no YAML: {_where(error)}") from error


def _where(error: Exception) -> str:
    """What is wrong and, where the parser knows it, in which line."""
    mark = getattr(error, "problem_mark", None)
    what = getattr(error, "problem", None) or str(error).splitlines()[0]
    return what if mark is None else f"{what}, line {mark.line + 1}"


def limited_text(path: Path, aliases: bool = True) -> str:
    """The text of a YAML file that is cheap to load.

    Args:
        aliases: whether it may have aliases, as what people write may.

    Raises:
        OSError: it cannot be read.
        ConfigError: it is no YAML in UTF-8, is larger than 1 MB, nests deeper than 40 levels, or has aliases by which
            a few lines stand for more than 100,000 values.
    """
    import yaml

    try:
        with open_regular(path) as file:
            if (size := max(path.stat().st_size, len(content := file.read(MOST_BYTES + 1)))) > MOST_BYTES:
                raise ConfigError(f"{path} has {size} bytes, and a config has at most {MOST_BYTES}")
        text = content.decode()
        _refuse_bomb(path, text, aliases)
    except NoFile as error:
        raise ConfigError(f"{path} cannot be read ({error.strerror})") from error
    except (UnicodeDecodeError, yaml.YAMLError) as error:
        raise ConfigError(f"{path} is no YAML: {_where(error)}") from error
    return text


def _refuse_bomb(path: Path, text: str, aliases: bool) -> None:
    """Counts the values that the text stands for from its events: nothing is built."""
    import yaml

    of_anchor: dict[str, int] = {}
    open_nodes: list[tuple[str | None, int]] = [(None, 0)]  # (anchor, values so far)
    for event in yaml.parse(text, getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
        added = 0
        if isinstance(event, yaml.CollectionStartEvent):
            open_nodes.append((event.anchor, 1))
            if len(open_nodes) > DEEPEST:
                raise ConfigError(f"{path} nests deeper than the {DEEPEST} levels that a config has at most")
        elif isinstance(event, yaml.CollectionEndEvent):
            anchor, added = open_nodes.pop()
            if anchor is not None:
                of_anchor[anchor] = added
        elif isinstance(event, yaml.ScalarEvent):
            added = 1
            if event.anchor is not None:
                of_anchor[event.anchor] = 1
        elif isinstance(event, yaml.AliasEvent):
            if not aliases:
                raise ConfigError(f"{path} has YAML aliases, which no config of a run has")
            if event.anchor not in of_anchor:
                raise ConfigError(f"{path} has the alias *{event.anchor} within what it stands for, or before it")
            added = of_anchor[event.anchor]
        anchor, values = open_nodes[-1]
        open_nodes[-1] = (anchor, values + added)
        if values + added > MOST_NODES:
            raise ConfigError(f"{path} stands for more than {MOST_NODES} values, which no config has")
