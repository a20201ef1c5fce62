"""Modules of the user's own that lie in the current folder: `allow_targets='[mymodule.MyNet]'`."""

from __future__ import annotations

import importlib.util
import os
import sys
from collections.abc import Iterable
from pathlib import Path


def find_own_modules(targets: Iterable[str]) -> None:
    """Let modules that `targets` name be imported from the current folder, where they are nowhere else.

    The folder is the last place that Python looks in, so it takes no module's place; without such a name in it nothing
    changes.
    """
    try:
        here = Path(os.getcwd())
    except FileNotFoundError:  # the folder is gone
        return
    for module in {target.partition(".")[0] for target in targets}:
        there = (here / f"{module}.py").is_file() or (here / module).is_dir()
        if there and module.isidentifier() and str(here) not in sys.path and importlib.util.find_spec(module) is None:
            sys.path.append(str(here))
