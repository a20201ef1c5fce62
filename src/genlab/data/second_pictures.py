"""Second pictures of a folder's pictures, by a table: what they were before an edit, or their depths. Torch-free."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from genlab.data.buckets import upright_size
from genlab.data.captions import TABLES, named, table_of, table_rows
from genlab.data.walk import shown
from genlab.errors import listed


def second_pictures(root: Path, names: Sequence[str], column: str) -> dict[str, str]:
    """Picture -> its second picture, for each of the pictures `names` that is not a second picture alone.

    Both are named in a row of `metadata.jsonl` or `metadata.csv`: `file_name` and `column`. A picture may be the second
    one of several, and have one of its own.

    Args:
        root: the folder.
        names: of its pictures, relative to it.
        column: of the table.

    Raises:
        ValueError: there is no table or it lacks the column, or a second picture is not among `names`, or a picture has
            none or several.
    """
    key = f"dataset.source.other_column={column!r}"
    if (table := table_of(root)) is None:
        raise ValueError(f"{key} is a column of {' or '.join(TABLES)}, and {root} has neither")
    second: dict[str, str] = {}
    for row in table_rows(table, f"{key}: {table}", ("file_name", column)):
        first, other = named(row.get("file_name")), row.get(column)
        if not isinstance(other, str) or not other.strip():
            continue
        if second.setdefault(first, named(other.strip())) != named(other.strip()):
            raise ValueError(f"{key}: {table} names two second pictures for {shown(first)}")
    known = set(names)
    if strange := [shown(other) for other in second.values() if other not in known]:
        raise ValueError(
            f"{key}: {table} names {len(strange)} second pictures that are no pictures of the folder: "
            f"{listed(strange, 3)}"
        )
    alone = set(second.values())
    if silent := [shown(name) for name in names if name not in second and name not in alone]:
        raise ValueError(
            f"{key}: {table} names no second picture for {len(silent)} of the folder's pictures ({listed(silent, 3)}): "
            "name them there, or take these pictures out"
        )
    return {name: second[name] for name in names if name in second}


def check_proportions(first: Path, second: Path) -> None:
    """Raise ValueError where two pictures cannot be of the same place: scaled alike, they differ by over a pixel."""
    (height, width), (other_height, other_width) = upright_size(first), upright_size(second)
    if abs(height * other_width - width * other_height) > max(height, width, other_height, other_width):
        raise ValueError(f"has other proportions, {other_width} x {other_height} pixels beside {width} x {height}")


def same_second(others: NDArray[np.uint8]) -> NDArray[np.int64]:
    """(n,): pictures whose second pictures, (n, channel, height, width), are equal have one number."""
    digests = [hashlib.sha256(np.ascontiguousarray(other).data).digest() for other in others]
    place = {digest: i for i, digest in enumerate(sorted(set(digests)))}
    return np.array([place[digest] for digest in digests], np.int64)
