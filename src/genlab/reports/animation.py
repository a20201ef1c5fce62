"""Films of samples in the making: GIF, or MP4 where a library for it is installed."""

from __future__ import annotations

import io
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from torch import Tensor

from genlab.atomic import replacing
from genlab.modalities.pixels import to_uint8
from genlab.modalities.grids import Pixels, grid
from genlab.reports.points import cloud

FORMATS = (".gif", ".mp4")
_FPS, _TICKS, _HOLD = 12, 8, 24
"""Frames a second, the same in a GIF's hundredths of a second, and how many times the last one is shown again."""


def frames(x: Tensor, x0: Tensor) -> list[Pixels]:
    """A picture of each moment: the samples on the left, on the right the clean ones that were predicted then.

    Args:
        x, x0: (moments, n, channel, height, width) in [-1, 1], or (moments, n, 2) points.
    """
    if x.ndim == 3:
        reach = 1.1 * float(x[-1].abs().max())
        return [cloud([now, then], ["sample", "predicted"], reach) for now, then in zip(x.cpu(), x0.cpu(), strict=True)]
    return [_beside(grid(to_uint8(now)), grid(to_uint8(then))) for now, then in zip(x.cpu(), x0.cpu(), strict=True)]


def _beside(left: Pixels, right: Pixels) -> Pixels:
    gap = np.full((left.shape[0], 12, 3), 255, np.uint8)
    return np.concatenate([left, gap, right], axis=1)


def write_animation(path: Path, pictures: Sequence[Pixels]) -> Path:
    """Write a film of frames (height, width, 3) of one size.

    Raises ValueError for another ending than .gif or .mp4, or without what writes MP4.
    """
    check_animation(path)
    held = [*pictures, *[pictures[-1]] * _HOLD]
    content = _gif(held) if path.suffix == ".gif" else _mp4(held)
    with replacing(path) as file:
        file.write(content)
    return path


def check_animation(path: Path) -> None:
    """Raise ValueError unless `write_animation` can write this kind of file here."""
    if path.suffix not in FORMATS:
        raise ValueError(f"out = {path}: a film ends in {' or '.join(FORMATS)}")
    if path.suffix == ".mp4":
        missing = [name for name in ("imageio", "imageio_ffmpeg") if find_spec(name) is None]
        if missing:
            raise ValueError(f"out = {path}: MP4 needs {missing[0]}; pip install 'genlab[film]', or take out=FILE.gif")


def _gif(pictures: Sequence[Pixels]) -> bytes:
    from PIL import Image

    images = [Image.fromarray(picture) for picture in pictures]
    is_grey = all((picture[..., :1] == picture).all() for picture in pictures)
    images = [image.convert("L") if is_grey else image.quantize(255) for image in images]
    buffer = io.BytesIO()
    images[0].save(
        buffer, format="GIF", save_all=True, append_images=images[1:], duration=_TICKS * 10, loop=0, optimize=True
    )
    return buffer.getvalue()


def _mp4(pictures: Sequence[Pixels]) -> bytes:
    import imageio.v3 as imageio

    height, width = (side - side % 2 for side in pictures[0].shape[:2])  # the format has pixels in pairs
    even = [picture[:height, :width] for picture in pictures]
    return imageio.imwrite("<bytes>", even, extension=".mp4", fps=_FPS, codec="libx264", macro_block_size=2)
