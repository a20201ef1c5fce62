"""A folder of pictures, from genlab or from elsewhere, as something to be scored."""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import torch
from torch import Tensor

from genlab.data.captions import read_captions
from genlab.data.folder import ImageFolder
from genlab.data.folder_labels import TABLE
from genlab.metrics.source import Fixed
from genlab.notice import Notice
from genlab.picture_size import shortest

_GREY = frozenset(("1", "L", "LA", "La", "I", "F", "I;16", "I;16B", "I;16L"))
"""Pillow's modes of pictures without colour."""


def folder_pictures(
    path: str | Path,
    data: Any,
    cache_dir: str | Path,
    resize: Literal["crop", "pad"] | None = None,
    captions: str | Path | None = None,
    range: Sequence[float] | None = None,
) -> Fixed:
    """The pictures under `path`, with the channels of `data`; files that cannot be read are warned of.

    Folders inside it are classes; their names count as labels where all of them are class names of `data`. Colour
    becomes grey where `data` are grey, by the luma 0.299 R + 0.587 G + 0.114 B, which is warned of; grey becomes
    colour by repetition.

    Args:
        resize: how pictures of another size than those of `data` are brought to it ("crop": their central square,
            "pad": all of them, between white borders); None refuses them.
        captions: a CSV file that says what each picture is meant to show (`read_captions`).
        range: the values that are black and white in pictures of more than 8 bits, where their files leave it open.

    Raises:
        ValueError: it is no folder, holds no picture, or pictures of another size; captions that do not fit.
    """
    channels, height, width = data.shape
    try:
        folder = ImageFolder(path, cache_dir, resize or "crop", range)
        others, coloured = _looked_through(Path(path).expanduser(), folder.names, (width, height))
        if others and resize is None:
            raise ValueError(
                f"folder={str(path)!r} holds pictures of {others} pixels and those of {data.name} are "
                f"{width} x {height}: resize=crop or resize=pad brings them to that size, reference.size=... the "
                "reference to theirs"
            )
        with warnings.catch_warnings():
            if captions is not None:  # a table of captions need not give classes
                warnings.filterwarnings("ignore", f"{TABLE} in ", Notice)
            images = folder.load(channels, shortest((height, width)))
    except ValueError as error:  # ImageFolder speaks of the keys that data sets have
        text = str(error).replace("dataset.source.path=", "folder=").replace("dataset.source.range", "range")
        raise ValueError(text) from error
    greyed = coloured if channels == 1 else 0
    if greyed:
        warnings.warn(
            f"{greyed} pictures are saved in colour and {data.name} is grey: they are made grey", Notice, stacklevel=2
        )
    texts = None if captions is None else read_captions(captions, folder.names)
    if texts is not None and len(texts) != len(images.pixels):
        raise ValueError(f"folder={str(path)!r}: with captions, every picture must be readable")
    how = (f", resized by {resize} from {others}" if others else "") + (", made grey" if greyed else "")
    labels = _labels(images.labels, images.class_names, data)
    return Fixed(torch.from_numpy(images.pixels[:]), labels, f"folder {folder.name}{how}", texts)


def _looked_through(folder: Path, names: Sequence[str], size: tuple[int, int]) -> tuple[str, int]:
    """The sizes (width, height) of pictures in `folder` other than `size`, the commonest first ("32 x 32, 64 x 48", or
    nothing), and how many pictures are saved in colour."""
    from PIL import Image

    sizes: Counter[tuple[int, int]] = Counter()
    coloured = 0
    for name in names:
        try:
            with Image.open(folder / name) as picture:  # its header alone is read
                sizes[picture.size] += 1
                coloured += picture.mode not in _GREY
        except (OSError, SyntaxError, ValueError, Image.DecompressionBombError):
            continue  # no picture, or reported when its pixels are asked for
    others = [f"{width} x {height}" for (width, height), _ in sizes.most_common() if (width, height) != size]
    named = ", ".join(others[:3]) + (f" and {len(others) - 3} other sizes" if len(others) > 3 else "")
    return named, coloured


def _labels(labels: Any, names: Any, data: Any) -> Tensor | None:
    class_names = getattr(data, "class_names", None)
    if labels is None or names is None or class_names is None or not set(names) <= set(class_names):
        return None
    return torch.tensor([class_names.index(name) for name in names])[torch.from_numpy(labels[:])]
