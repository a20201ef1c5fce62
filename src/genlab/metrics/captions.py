"""What the pictures of a folder are meant to show, from a file beside them."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

from genlab.errors import listed

COLUMNS = ("file_name", "text")
"""As in the `metadata.csv` that image folders of the hub have."""


def read_captions(path: str | Path, names: Sequence[str]) -> list[str]:
    """The captions of the pictures `names`, in their order; rows of other pictures are passed over.

    Args:
        path: a CSV file with the columns `file_name`, relative to the folder of the pictures, and `text`.

    Raises:
        ValueError: the file cannot be read, lacks a column, or has no caption for one of the pictures.
    """
    try:
        with Path(path).expanduser().open(encoding="utf-8", newline="") as file:
            table = csv.DictReader(file)
            if missing := [column for column in COLUMNS if column not in (table.fieldnames or ())]:
                raise ValueError(f"captions={str(path)!r} has no column {missing[0]!r}: it needs {listed(COLUMNS)}")
            found = {row["file_name"]: (row["text"] or "").strip() for row in table}
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ValueError(f"captions={str(path)!r} cannot be read: {error}") from error
    if silent := [name for name in names if not found.get(name)]:
        raise ValueError(f"captions={str(path)!r} says nothing of {len(silent)} pictures: {listed(silent, 3)}")
    return [found[name] for name in names]
