"""A folder of pictures, from genlab or from elsewhere, as something to be scored."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from genlab.data.folder import ImageFolder
from genlab.metrics.source import Fixed


def folder_pictures(path: str | Path, data: Any, cache_dir: str | Path) -> Fixed:
    """The pictures under `path`, brought to the channels and the size of `data`.

    Folders inside it are classes; their names count as labels where all of them are class names of `data`.
    """
    channels, size, _ = data.shape
    folder = ImageFolder(path, cache_dir)
    images = folder.load(channels, size)
    labels = _labels(images.labels, images.class_names, data)
    return Fixed(torch.from_numpy(images.pixels[:]), labels, f"folder {folder.name}")


def _labels(labels: Any, names: Any, data: Any) -> Tensor | None:
    known = getattr(data, "class_names", None)
    if labels is None or names is None or known is None or not set(names) <= set(known):
        return None
    return torch.tensor([known.index(name) for name in names])[torch.from_numpy(labels[:])]
