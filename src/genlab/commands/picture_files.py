"""Picture files that a person names in words of the command line: picture=, mask=, depth=."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING

from omegaconf import DictConfig

from genlab.errors import ConfigError
from genlab.notice import Notice
from genlab.picture_size import read_size

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from torch import Tensor


def check_files(cfg: DictConfig) -> None:
    """Before torch is imported: what `opened_picture` and `opened_mask` will say of the files that are named.

    Raises:
        ConfigError: one of them is of no use.
    """
    picture = cfg.picture if isinstance(cfg.picture, str) else None
    if cfg.dataset.get("channels") is None:  # no pictures: what can be asked of its model is told by others
        return
    for key, path, channels in (("picture", picture, cfg.dataset.channels), ("depth", cfg.depth, 1)):
        if path is not None:
            _framed(key, path, channels, cfg)
    mask = cfg.mask or (cfg.edit.get("mask") if "edit" in cfg else None)
    if mask is not None:
        _anew(mask, picture, drawn_size(cfg))


def opened_picture(key: str, path: str, channels: int, cfg: DictConfig) -> Tensor:
    """(1, channels, height, width) in [-1, 1]: a picture file in the size that is drawn, with a notice where it is
    cropped or scaled.

    Raises:
        ConfigError: it is no picture.
    """
    import torch

    from genlab.modalities.pixels import to_model

    return to_model(torch.from_numpy(_framed(key, path, channels, cfg))[None])


def _framed(key: str, path: str, channels: int, cfg: DictConfig) -> NDArray[np.uint8]:
    """(channels, height, width)."""
    from PIL import Image

    from genlab.data.dynamic_range import UnclearRange
    from genlab.data.picture import to_size

    height, width = drawn_size(cfg)
    try:
        with Image.open(path) as picture:
            has = picture.size
            pixels = to_size(picture, channels, (height, width), "crop")
    except UnclearRange as error:
        raise ConfigError(f"{key} = {path}: {error}") from error
    except (OSError, SyntaxError, ValueError) as error:  # no file, no picture, a damaged one
        raise ConfigError(f"{key} = {path} is not a picture file") from error
    if has != (width, height):
        text = f"{key} = {path} has {has[0]} x {has[1]} pixels, and the model's pictures {width} x {height}"
        warnings.warn(f"{text}: it is cropped and scaled", Notice, stacklevel=1)  # once, whoever asks
    return pixels.copy()


def opened_mask(mask: str, picture: str | None, size: int | Sequence[int]) -> Tensor:
    """(1, 1, height, width) bool, true where a picture is made anew: a region's name, or a file that is white there.

    Args:
        picture: the file of that picture: a mask of its size is cropped and scaled as it is.
        size: of the picture that is made, height and width.

    Raises:
        ConfigError: it is neither, of another size, or white nowhere.
    """
    import torch

    return torch.from_numpy(_anew(mask, picture, size))[None, None]


def _anew(mask: str, picture: str | None, size: int | Sequence[int]) -> NDArray[np.bool_]:
    """(height, width)."""
    from genlab.editing.masks import made_anew

    try:
        return made_anew(mask, size, _size_of(picture))
    except ValueError as error:
        raise ConfigError(str(error)) from error


def _size_of(picture: str | None) -> tuple[int, int] | None:
    from PIL import Image

    try:
        with Image.open(picture or "") as opened:
            return opened.size
    except (OSError, SyntaxError, ValueError):  # which is told when it is opened itself
        return None


def drawn_size(cfg: DictConfig) -> tuple[int, int]:
    """Height and width of the pictures that a command makes."""
    return read_size(cfg.dataset.size if cfg.get("size") is None else cfg.size)
