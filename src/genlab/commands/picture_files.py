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
    from torch import Tensor


def opened_picture(key: str, path: str, channels: int, cfg: DictConfig) -> Tensor:
    """(1, channels, height, width) in [-1, 1]: a picture file in the size that is drawn, with a notice where it is
    cropped or scaled.

    Raises:
        ConfigError: it is no picture.
    """
    import torch
    from PIL import Image

    from genlab.data.dynamic_range import UnclearRange
    from genlab.data.picture import to_size
    from genlab.modalities.pixels import to_model

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
        warnings.warn(f"{text}: it is cropped and scaled", Notice, stacklevel=2)
    return to_model(torch.from_numpy(pixels.copy())[None])


def opened_mask(mask: str, picture: str | None, size: int | Sequence[int]) -> Tensor:
    """(1, 1, height, width) bool, true where a picture is made anew: a region's name, or a file that is white there.

    Args:
        picture: the file of that picture: a mask of its size is cropped and scaled as it is.
        size: of the picture that is made, height and width.

    Raises:
        ConfigError: it is neither, of another size, or white nowhere.
    """
    from genlab.editing.masks import known_outside

    try:
        return ~known_outside(mask, size, _size_of(picture))
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
