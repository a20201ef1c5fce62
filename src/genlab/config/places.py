"""Places: the store's own folders, and those that the parts of a stranger's config would write to."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from typing import Any

from omegaconf import DictConfig, ListConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from genlab.annotations.definitions import UnknownTarget
from genlab.annotations.signatures import signature

SWEEPS, STUDIES, REPORTS, EVALUATIONS, ERRORS = "sweeps", "studies", "reports", "evaluations", "errors"
OWN_FOLDERS = (SWEEPS, STUDIES, REPORTS, EVALUATIONS, ERRORS)
"""Folders of the store that hold no runs: no task has their names."""
WRITERS = ("callbacks", "logger", "trainer")
"""The keys whose parts write files."""
_RUN = "/the run"
_PLACE = re.compile(r"(^|_)(dir|dirpath|path|file|folder|root)$")
"""Names of parameters that say where; so do annotations as paths."""


def foreign_places(cfg: DictConfig) -> Iterator[tuple[str, str]]:
    """Each (key, text) of the writers in a config that names a place outside ${paths.run_dir}."""
    marked = cfg.copy()
    OmegaConf.set_struct(marked, False)
    marked.paths = {"run_dir": _RUN}
    for key in WRITERS:
        if marked.get(key) is not None:
            yield from _foreign(marked, key, key, is_place=False)


def _foreign(parent: Any, key: Any, path: str, is_place: bool) -> Iterator[tuple[str, str]]:
    try:
        node = parent[key]
    except OmegaConfBaseException:  # another folder of genlab's, or none at all
        yield path, str(parent._get_node(key)._value())
        return
    if isinstance(node, DictConfig):
        annotated = _annotated(node)
        for name in map(str, node):
            inner = name in annotated or bool(_PLACE.search(name))
            yield from _foreign(node, name, f"{path}.{name}", inner)
    elif isinstance(node, ListConfig):
        for i in range(len(node)):
            yield from _foreign(node, i, f"{path}[{i}]", is_place)
    elif isinstance(node, str):
        leads_out = node.startswith(("/", "~")) or ".." in node.split("/")
        place = os.path.normpath(node)
        if (is_place or leads_out) and place != _RUN and not place.startswith(f"{_RUN}/"):
            yield path, node


def _annotated(node: DictConfig) -> set[str]:
    """The parameters of a part whose annotation is a path."""
    try:
        taken = signature(str(node.get("_target_"))).parameters
    except UnknownTarget:
        return set()
    return {p.name for p in taken if "path" in str(p.annotation).lower()}
