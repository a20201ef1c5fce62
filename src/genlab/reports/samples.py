"""Samples as files: all in one picture, or a folder with a file of each."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from genlab.atomic import write_json
from genlab.data.picture_listing import is_picture
from genlab.data.walk import files_under, shown
from genlab.errors import listed
from genlab.modalities.modality import Modality
from genlab.runs.reading import check_fields, or_noted, read_json

_NAME = re.compile(r"\d{6,}\.\w+")
"""Of a sample's file."""
_MEDIA = (".wav", ".npy", ".mp4")
"""Endings of samples that are no picture files."""
_WRITTEN = ".genlab-samples.json"
"""In a folder of samples: the names of those that are genlab's, which a later request may take away."""


def write_all(path: Path, batches: Iterable[Tensor], modality: Modality, columns: int | None) -> dict[str, Path]:
    """All samples, in batches (n, *shape) as a model gives them, in one picture, and beside it what sounds or moves of
    them; by kind. Until then they are kept as they are stored, a byte a pixel."""
    stored = torch.cat([modality.to_stored(x, "samples").cpu() for x in batches])
    return modality.preview(path, stored, columns)


def check_folder(folder: Path) -> None:
    """Raise ValueError for a folder with pictures that are no samples: who reads it would take them for some."""
    if others := _others(folder):
        raise ValueError(
            f"out = {folder} holds {len(others)} pictures that are no samples ({listed(map(shown, others), 3)}): "
            "give another folder, or empty it"
        )


def write_folder(
    folder: Path, batches: Iterable[Tensor], modality: Modality, suffix: str | None = None, own: bool = False,
) -> list[Path]:  # fmt: skip
    """A file for each sample, 000000.png, ..., in place of all samples that were written there before.

    Args:
        folder: where to.
        batches: each (n, *shape), as a model gives them; a batch is written before the next one is made.
        suffix: the ending of the files; None takes the first of the modality's.
        own: the folder is one of a run's own, in which the pictures that are named as samples are some.

    Raises:
        ValueError: there are other pictures in the folder.
    """
    if not own:
        check_folder(folder)
    suffix = modality.suffixes[0] if suffix is None else modality.check_suffix(suffix)
    before = {*_written(folder), *(name for name in _others(folder) if _NAME.fullmatch(name))}
    names: list[str] = []
    for x in batches:
        items = modality.to_stored(x, "samples").cpu()  # before anything is written: samples may be no numbers
        new = [f"{i:06d}{suffix}" for i in range(len(names), len(names) + len(x))]
        _note(folder, sorted({*before, *names, *new}))  # first, so that a killed process leaves no strangers
        for name in before - set(new):
            (folder / name).unlink(missing_ok=True)
        for name, item in zip(new, items, strict=True):
            modality.write(folder / name, item)
        before, names = set(), [*names, *new]
    _note(folder, names)
    return [folder / name for name in names]


def _note(folder: Path, names: list[str]) -> None:
    write_json(folder / _WRITTEN, {"schema": 1, "samples": names})


def _written(folder: Path) -> list[str]:
    """The names of the samples in a folder; none that leads out of it."""
    remedy = "delete it; the files beside it then count as yours"

    def read() -> dict[str, Any]:
        content = read_json(folder / _WRITTEN, remedy) or {}
        check_fields(content, {"samples": list[str]}, folder / _WRITTEN, remedy)
        return content

    content = or_noted(read) or {}
    return [name for name in content.get("samples", []) if Path(name).name == name and _may_be_one(name)]


def _may_be_one(name: str) -> bool:
    return is_picture(name) or name.endswith(_MEDIA)


def _others(folder: Path) -> list[str]:
    if not folder.is_dir():
        return []
    written = set(_written(folder))
    return [name for name in files_under(folder, _may_be_one).files if name not in written]
