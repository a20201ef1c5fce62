"""The interpolations that configs may use besides OmegaConf's own: arithmetic on numbers, and genlab's folders."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast


def cache_dir(kind: str) -> str:
    """The default folder for `data` or `weights`: $GENLAB_DATA_DIR / $GENLAB_WEIGHTS_DIR, or in the user's cache."""
    home = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache"))
    return os.environ.get(f"GENLAB_{kind.upper()}_DIR") or str(home / "genlab" / kind)


def _multiply(a: float, b: float) -> float:
    return a * b


def _divide(a: float, b: float) -> float:
    return a // b if isinstance(a, int) and isinstance(b, int) and a % b == 0 else a / b


def _add(a: float, b: float) -> float:
    return a + b


def _class_folders(path: str) -> int | None:
    from genlab.data.folder import count_classes

    return count_classes(path)


def register_resolvers() -> None:
    """`${mul:a,b}`, `${div:a,b}`, `${add:a,b}`, `${cache_dir:data}` and `${class_folders:FOLDER}`, which is null for a
    folder of fewer than two classes; nothing that evaluates code."""
    from omegaconf import OmegaConf

    for name, function in (("mul", _multiply), ("div", _divide), ("add", _add), ("cache_dir", cache_dir)):
        OmegaConf.register_new_resolver(name, cast(Callable[..., Any], function), replace=True)
    OmegaConf.register_new_resolver("class_folders", _class_folders, replace=True, use_cache=True)  # walks the folder
