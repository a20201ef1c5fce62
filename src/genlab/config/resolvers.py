"""The interpolations that configs may use besides OmegaConf's own: arithmetic on numbers, and genlab's folders."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, cast

from genlab.picture_size import height_and_width


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


def _height(size: Any) -> Any:
    return height_and_width(size)[0] if _is_size(size) else size


def _width(size: Any) -> Any:
    return height_and_width(size)[1] if _is_size(size) else size


def _is_size(value: Any) -> bool:
    """Whether `value` is a size. Anything else is passed on as it is, and refused where it stands."""
    return isinstance(value, int) or (isinstance(value, Sequence) and not isinstance(value, str) and len(value) == 2)


def _codec_or_data(key: str, _root_: Any) -> Any:
    from omegaconf import DictConfig, ListConfig, OmegaConf
    from omegaconf.errors import InterpolationKeyError

    codec = _root_.get("codec")
    owner = "codec" if isinstance(codec, DictConfig) and key in codec else "dataset"
    if not isinstance(_root_.get(owner), DictConfig) or key not in _root_[owner]:
        raise InterpolationKeyError(f"Interpolation key '{owner}.{key}' not found")
    value = _root_[owner][key]
    return OmegaConf.create(OmegaConf.to_container(value, resolve=True)) if isinstance(value, ListConfig) else value


def _class_folders(path: str, other_column: str | None = None) -> int | None:
    from genlab.data.folder import count_classes

    return count_classes(path, other_column)


def _sound_class_folders(path: str) -> int | None:
    from genlab.data.sound_folder import count_sound_classes

    return count_sound_classes(path)


def register_resolvers() -> None:
    """`${mul:a,b}`, `${div:a,b}`, `${add:a,b}`; `${height:SIZE}` and `${width:SIZE}` of pictures; `${cache_dir:data}`;
    `${class_folders:FOLDER,COLUMN}`, which is null for a folder of fewer than two classes, and
    `${sound_class_folders:FOLDER}` likewise of sounds; `${codec_or_data:channels}`
    and `${codec_or_data:size}` of what a model sees: the codec's where its config has them, else those of the data.
    Nothing that evaluates code."""
    from omegaconf import OmegaConf

    arithmetic = {"mul": _multiply, "div": _divide, "add": _add, "height": _height, "width": _width}
    for name, function in (*arithmetic.items(), ("codec_or_data", _codec_or_data), ("cache_dir", cache_dir)):
        OmegaConf.register_new_resolver(name, cast(Callable[..., Any], function), replace=True)
    OmegaConf.register_new_resolver("class_folders", _class_folders, replace=True, use_cache=True)  # walks the folder
    OmegaConf.register_new_resolver("sound_class_folders", _sound_class_folders, replace=True, use_cache=True)
