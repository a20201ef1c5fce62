"""The classes of a folder's pictures: from the folders that they lie in, or from a metadata.csv beside them."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from genlab.data.captions import named
from genlab.data.walk import shown
from genlab.errors import listed

TABLE = "metadata.csv"
"""As image folders of the Hugging Face hub have it: the columns file_name, relative to the folder, and label."""


def labels_by_table(root: Path, names: Sequence[str]) -> tuple[dict[str, str] | None, str | None]:
    """What the table in `root` says of the pictures `names`: (picture -> class, None), or (None, why it is not used);
    (None, None) where there is no table."""
    path = root / TABLE
    if not path.is_file():
        return None, None
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            table = csv.DictReader(file)
            if missing := [column for column in ("file_name", "label") if column not in (table.fieldnames or ())]:
                return None, f"{TABLE} in {root} gives no classes: it has no column {missing[0]!r}"
            labels = {named(row["file_name"]): (row["label"] or "").strip() for row in table}
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        return None, f"{TABLE} in {root} gives no classes: it cannot be read ({error})"
    if silent := [shown(name) for name in names if not labels.get(name)]:
        return (
            None,
            f"{TABLE} in {root} gives no classes: it has no label for {len(silent)} pictures, {listed(silent, 3)}",
        )
    return {name: labels[name] for name in names}, None


def top_folder(name: str) -> str:
    """The first folder on the way to a picture; empty for one that lies in the root."""
    return name.partition("/")[0] if "/" in name else ""


def numbered(classes: Sequence[str], by_size: bool) -> tuple[NDArray[np.int64], list[str]]:
    """The number of each picture's class, and the classes' names in alphabetical order; `by_size`: numbers by size."""
    names = sorted(set(classes))
    if by_size and all(name.isdecimal() for name in names):
        names.sort(key=int)
    place = {name: i for i, name in enumerate(names)}
    return np.array([place[name] for name in classes], np.int64), [shown(name) for name in names]


def classes_of(names: Sequence[str], table: Mapping[str, str] | None) -> list[str] | None:
    """The class of each picture; None where one of them lies in no class folder and there is no table."""
    classes = [table[name] if table is not None else top_folder(name) for name in names]
    return None if "" in classes else classes


def why_unlabelled(names: Sequence[str]) -> str | None:
    """Which pictures keep those in class folders from being labels; None where there is no class folder."""
    strays = [shown(name) for name in names if not top_folder(name)]
    folders = {shown(top) for name in names if (top := top_folder(name))}
    if not strays or not folders:
        return None
    lie = "lies" if len(strays) == 1 else "lie"
    return f"{listed(strays, 3)} {lie} beside the class folders {listed(folders, 5)}: move it into one, or out"
