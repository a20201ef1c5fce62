"""Hydra's own state of a process, which composing a config needs and leaves as it was."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from genlab.config.files import conf_dir
from genlab.errors import ConfigError


@contextmanager
def composing(folders: Sequence[Path] = ()) -> Iterator[None]:
    """In the block, Hydra composes from genlab's configs and from `folders`; after it, it stands as it stood before.

    Args:
        folders: more places of configs; names are looked for in them first.

    Raises:
        ConfigError: a folder is not there.
    """
    from hydra._internal.hydra import Hydra
    from hydra._internal.utils import create_config_search_path
    from hydra.core.config_search_path import SearchPathQuery

    path = create_config_search_path(str(conf_dir()))
    for folder in folders:
        if not folder.is_dir():
            raise ConfigError(f"config_dir = {folder} is no folder")
        path.prepend(provider="genlab", path=f"file://{folder.resolve()}", anchor=SearchPathQuery(provider="schema"))
    with _kept_state():
        Hydra.create_main_hydra2("genlab", path)
        yield


@contextmanager
def _kept_state() -> Iterator[None]:
    """Begin with the state of a fresh process, and put back what there was."""
    from hydra import version
    from hydra.core.global_hydra import GlobalHydra
    from hydra.core.utils import JobRuntime

    state, base, job = GlobalHydra.instance(), version.VersionBase.instance(), JobRuntime.instance()
    before = state.hydra, base.version_base, job.conf
    state.hydra, job.conf = None, job.conf.copy()
    version.setbase("1.3")
    try:
        yield
    finally:
        state.hydra, base.version_base, job.conf = before
