"""What a config may tell Hydra: options of its launcher and its sweeper, and nothing that names code.

Hydra builds its callbacks, loggings, launcher and sweeper by itself as soon as it has composed a config, before genlab
sees any of it. So each config is looked at where Hydra composes it, whatever file or word its values came from.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from omegaconf import DictConfig, ListConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from genlab.config.files import conf_dir
from genlab.config.hydra_costs import read_once, where_read, wrapped
from genlab.config.renamed import present_names
from genlab.config.untrusted import limited_text
from genlab.errors import ConfigError

_PLUGINS = ("hydra.launcher._target_", "hydra.sweeper._target_")
"""Hydra itself builds nothing here but plugins that are installed, which lie in these packages."""
_OF_PLUGINS = ("hydra_plugins.", "hydra._internal.core_plugins.")
_BUILDERS = ("_target_", "()", "class", "factory")
"""Keys by which Hydra and `logging.config` are told what to build."""
_PLAIN = {"class": ("logging.StreamHandler", "logging.Formatter")}
_STREAMS = ("ext://sys.stdout", "ext://sys.stderr")


@contextmanager
def limited_hydra() -> Iterator[None]:
    """Inside, Hydra composes nothing that names code to it, and reads files that are not genlab's within limits.

    Of a file outside `conf_dir()` the limits are those of `limited_text`.
    """
    from hydra._internal import defaults_list
    from hydra._internal.config_loader_impl import ConfigLoaderImpl
    from hydra._internal.sources_registry import SourcesRegistry
    from hydra.core.plugins import Plugins

    Plugins.instance()  # which registers the sources
    of_files: Any = SourcesRegistry.instance().resolve("file")  # the class in use: plugins may be loaded twice
    with (
        wrapped(of_files, "load_config", _limited),
        wrapped(ConfigLoaderImpl, "load_configuration", _checked),
        wrapped(defaults_list, "_create_interpolation_map", where_read),
    ):
        yield


def _limited(load: Any) -> Any:
    own = conf_dir().resolve()

    def load_config(source: Any, config_path: str) -> Any:
        path = Path(source.path) / source._normalize_file_name(config_path)
        if Path(source.path).resolve() == own:
            return read_once(load, source, config_path, path)
        if path.exists():
            limited_text(path)
        loaded = load(source, config_path)
        if isinstance(loaded.config, DictConfig) and OmegaConf.select(loaded.config, "hydra.searchpath"):
            raise ConfigError(f"{path} sets hydra.searchpath: say on the command line where more configs lie")
        return loaded

    return load_config


def _checked(load: Any) -> Any:
    def load_configuration(loader: Any, *args: Any, **kwargs: Any) -> DictConfig:
        cfg: DictConfig = load(loader, *args, **kwargs)
        refuse_code(cfg)
        present_names(cfg)
        return cfg

    return load_configuration


def refuse_code(cfg: DictConfig) -> None:
    """Raises ConfigError for a composed config by which Hydra would build anything but its plugins and plain logs."""
    if OmegaConf.is_interpolation(cfg.hydra, "callbacks") or cfg.hydra.get("callbacks"):
        raise ConfigError("hydra.callbacks are code that Hydra runs, and a config cannot run code: leave them away")
    for name in ("launcher", "sweeper", "job_logging", "hydra_logging"):
        for key, value in _leaves(cfg.hydra, name, f"hydra.{name}"):
            word, text = key.rpartition(".")[2], str(value)
            is_plain = text.startswith(_OF_PLUGINS) if key in _PLUGINS else text in _PLAIN.get(word, ())
            is_built = word in _BUILDERS and not is_plain
            if is_built or (text.startswith(("ext://", "cfg://")) and text not in _STREAMS):
                raise ConfigError(f"{key} = {text} names code to Hydra, and a config cannot run code: leave it away")


def _leaves(parent: Any, key: Any, path: str) -> Iterator[tuple[str, Any]]:
    """Every value with its key, references followed; one that leads nowhere yet is no value."""
    try:
        node = parent[key]
    except OmegaConfBaseException:
        return
    if isinstance(node, DictConfig):
        for name in node:
            yield from _leaves(node, name, f"{path}.{name!s}")
    elif isinstance(node, ListConfig):
        for i in range(len(node)):
            yield from _leaves(node, i, f"{path}[{i}]")
    else:
        yield path, node
