"""YAML from a stranger: a run's folder may have been sent by anybody."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from genlab.config.errors import ConfigError

MOST_BYTES = 2**20
_RESOLVER = re.compile(r"\$\{(?!oc\.select:[\w.]+\})[^}]*[:$]", re.DOTALL)
"""${name:...}, also where another key gives the name; ${oc.select:key} is but a key that may be absent."""


def load_untrusted(path: Path) -> Any:
    """The content of a YAML file as an OmegaConf node.

    Raises:
        OSError: it cannot be read.
        ConfigError: it is no YAML, is larger than 1 MB, has aliases, of which a few lines can stand for gigabytes, or
            asks for more than another key of its own (`${oc.env:HOME}` would read the environment into a report).
    """
    import yaml
    from omegaconf import OmegaConf

    if (size := path.stat().st_size) > MOST_BYTES:
        raise ConfigError(f"{path} has {size} bytes, and a config has at most {MOST_BYTES}")
    text = path.read_text(encoding="utf-8")
    try:
        for token in yaml.scan(text, getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
            if isinstance(token, yaml.AliasToken):
                raise ConfigError(f"{path} has YAML aliases, which no config of a run has")
            if isinstance(token, yaml.ScalarToken) and _RESOLVER.search(token.value):
                raise ConfigError(f"{path} has {token.value!r}, and the config of a run refers to its own keys only")
        return OmegaConf.create(text)
    except yaml.YAMLError as error:
        raise ConfigError(f"{path} is no YAML: {str(error).splitlines()[0]}") from error
