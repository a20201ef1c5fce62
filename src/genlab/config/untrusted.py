"""YAML from a stranger: a run's folder may have been sent by anybody."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from genlab.config.errors import ConfigError

MOST_BYTES = 2**20


def load_untrusted(path: Path) -> Any:
    """The content of a YAML file as an OmegaConf node.

    Raises:
        OSError: it cannot be read.
        ConfigError: it is no YAML, is larger than 1 MB, or has aliases, of which a few lines can stand for gigabytes.
    """
    import yaml
    from omegaconf import OmegaConf

    if (size := path.stat().st_size) > MOST_BYTES:
        raise ConfigError(f"{path} has {size} bytes, and a config has at most {MOST_BYTES}")
    text = path.read_text(encoding="utf-8")
    try:
        tokens = yaml.scan(text, getattr(yaml, "CSafeLoader", yaml.SafeLoader))
        if any(isinstance(token, yaml.AliasToken) for token in tokens):
            raise ConfigError(f"{path} has YAML aliases, which no config of a run has")
        return OmegaConf.create(text)
    except yaml.YAMLError as error:
        raise ConfigError(f"{path} is no YAML: {str(error).splitlines()[0]}") from error
