"""The cache of converted data: raw numbers in one file, memory-mapped, so that all processes share its pages.

Pictures are uint8 (channel, height, width), sounds int16 (channel, samples).
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from genlab.data.lock import locked
from genlab.data.source import Attribute, Images
from genlab.notice import Notice

Write = Callable[[NDArray[Any]], None]
"""Takes data (k, *shape), in order."""


@dataclass(frozen=True)
class About:
    """All of `Images` but the pixels, and `notes` for the user about the conversion."""

    labels: NDArray[np.int64] | None = None
    class_names: Sequence[str] | None = None
    n_test: int = 0
    groups: NDArray[np.int64] | None = None
    notes: Sequence[str] = ()
    captions: Sequence[Sequence[str]] | None = None
    others: NDArray[np.uint8] | None = None
    attributes: Mapping[str, Attribute] | None = None


def prepared(
    folder: Path, shape: tuple[int, ...], make: Callable[[Write], About], dtype: type[np.generic] = np.uint8
) -> Images:  # fmt: skip
    """The data kept in `folder`; `make` is called where there are none that are whole, in one process at a time.

    Args:
        folder: appears when all is written, never before.
        shape: of one datum.
        make: gives the data to the function it is handed, and returns what else there is to know.
        dtype: of the numbers; a cache is of one, whose name `folder` has where it is not uint8.

    Raises:
        ValueError: `make` gave nothing, or the cache cannot be written.
    """
    if (images := _whole(folder, shape, dtype)) is not None:
        return images
    with locked(folder.with_name(folder.name + ".lock")):
        if (images := _whole(folder, shape, dtype)) is None:
            if folder.exists():
                warnings.warn(f"{folder} is damaged: the pictures are converted again", Notice, stacklevel=2)
            _fill(folder, shape, make, dtype)
            images = _open(folder, dtype)
    return images


def notes(folder: Path) -> list[str]:
    """What the conversion had to say."""
    return list(_read(folder)["notes"])


def _read(folder: Path) -> dict[str, Any]:
    about: dict[str, Any] = json.loads((folder / "about.json").read_text(encoding="utf-8"))
    return about


def _whole(folder: Path, shape: tuple[int, ...], dtype: type[np.generic]) -> Images | None:
    """What is kept in `folder`; None when that is nothing, or damaged."""
    try:
        about = _read(folder)
        n, *each = about["shape"]
        texts = [*(about["class_names"] or []), *about["notes"]]
        if each != list(shape) or not all(isinstance(text, str) for text in texts):
            return None
        size = n * int(np.prod(shape)) * np.dtype(dtype).itemsize
        if (folder / "pixels.bin").stat().st_size != size or not 0 <= about["n_test"] <= n:
            return None
        images = _open(folder, dtype)
        attributes = [attribute.values for attribute in (images.attributes or {}).values()]
        each = (images.labels, images.groups, images.captions, images.others, *attributes)
        rows = [len(array) for array in each if array is not None]
    except (OSError, ValueError, KeyError, TypeError, EOFError, RecursionError):
        return None
    return images if all(row == n for row in rows) else None


def _open(folder: Path, dtype: type[np.generic]) -> Images:
    about = _read(folder)
    # "c": writable to numpy (torch warns otherwise), yet never written back; untouched pages stay shared
    pixels = np.memmap(folder / "pixels.bin", dtype, mode="c", shape=tuple(about["shape"]))
    labels, groups = (np.load(p) if (p := folder / f"{key}.npy").exists() else None for key in ("labels", "groups"))
    captions = json.loads(p.read_text(encoding="utf-8")) if (p := folder / "captions.json").exists() else None
    others = np.load(p, mmap_mode="c") if (p := folder / "others.npy").exists() else None
    attributes = None
    if names := about.get("attributes"):
        values = np.load(folder / "attributes.npy")
        attributes = {key: Attribute(tuple(names[key]), row) for key, row in zip(names, values, strict=True)}
    return Images(pixels, labels, about["class_names"], about["n_test"], groups, captions, others, attributes)


def _fill(
    folder: Path, shape: tuple[int, ...], make: Callable[[Write], About], dtype: type[np.generic]
) -> None:  # fmt: skip
    for remains in (folder, *folder.parent.glob(f".{folder.name}-*")):  # of a process that was killed
        shutil.rmtree(remains, ignore_errors=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{folder.name}-") as temporary:
        new = Path(temporary) / "prepared"
        new.mkdir()
        n = 0
        with (new / "pixels.bin").open("wb") as file:

            def write(pictures: NDArray[Any]) -> None:
                nonlocal n
                assert pictures.shape[1:] == shape, (pictures.shape, shape)
                assert pictures.dtype == dtype, pictures.dtype
                file.write(np.ascontiguousarray(pictures).data)
                n += len(pictures)

            about = make(write)
            if not n:
                raise ValueError(f"there is no picture or sound to prepare for {folder.name}")
            file.flush()
            os.fsync(file.fileno())
        attributes = about.attributes or {}
        values = np.stack([each.values for each in attributes.values()]) if attributes else None
        arrays = {"labels": about.labels, "groups": about.groups, "others": about.others, "attributes": values}
        for key, array in arrays.items():
            if array is not None:
                with (new / f"{key}.npy").open("wb") as file:
                    np.save(file, array)
                    file.flush()
                    os.fsync(file.fileno())
        if about.captions is not None:
            texts = [list(each) for each in about.captions]
            (new / "captions.json").write_text(json.dumps(texts), encoding="utf-8")
        description = {
            "shape": [n, *shape], "n_test": about.n_test, "notes": list(about.notes),
            "class_names": None if about.class_names is None else list(about.class_names),
            "attributes": {key: list(each.names) for key, each in attributes.items()},
        }  # fmt: skip
        (new / "about.json").write_text(json.dumps(description, indent=1), encoding="utf-8")
        os.rename(new, folder)
