"""What the pictures of a folder show, in words: from a table of them, or from text files beside them. Torch-free."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any, Literal

from genlab.errors import listed, nearest

COLUMNS = ("file_name", "text")
"""As in the `metadata.csv` that image folders of the hub have."""
TABLES = ("metadata.jsonl", "metadata.csv")
"""The tables that are looked for in a folder, in order."""
_SIDES = re.compile(r"\b(left|right|(counter|anti)?-?clockwise)(s|ward|wards|hand|handed|most)?\b", re.IGNORECASE)


def tells_sides(texts: str | Iterable[str]) -> bool:
    """Whether a text, or one of several, says left, right, clockwise or the like: not so in a mirror image."""
    return any(_SIDES.search(text) for text in ([texts] if isinstance(texts, str) else texts))


def named(file_name: object) -> str:
    """The picture that a row of a table names, as a folder's pictures are named: "./a.png" is "a.png"."""
    return PurePosixPath(str(file_name)).as_posix()


def read_captions(path: str | Path, names: Sequence[str]) -> list[str]:
    """The captions of the pictures `names`, in their order; rows of other pictures are passed over.

    Args:
        path: a CSV file with the columns `file_name`, relative to the folder of the pictures, and `text`.

    Raises:
        ValueError: the file cannot be read, lacks a column, or has no caption for one of the pictures.
    """
    captions = _table(Path(path).expanduser(), f"captions={str(path)!r}")
    if silent := [name for name in names if name not in captions]:
        raise ValueError(f"captions={str(path)!r} says nothing of {len(silent)} pictures: {listed(silent, 3)}")
    return [captions[name][0] for name in names]


def folder_captions(
    root: Path, names: Sequence[str], missing: Literal["empty", "drop"] | None = None
) -> dict[str, list[str]]:
    """Picture -> its captions, one or more, for the pictures `names` of the folder `root`.

    They stand in `metadata.jsonl` or `metadata.csv` (`file_name` and `text`; several rows are several captions), or in
    NAME.txt beside the picture NAME.png, a caption a line.

    Args:
        root: the folder.
        names: of its pictures, relative to it.
        missing: what becomes of pictures without a caption: the empty text, or they are left out; None refuses them.

    Raises:
        ValueError: a table or a file cannot be read, or a picture has no caption and that is refused, or none has one.
    """
    table, key = table_of(root), f"dataset.source.path={str(root)!r}"
    captions = {} if table is None else _table(table, f"{key}: {table.name}")
    where = "a .txt file beside each picture" if table is None else table.name
    for name in names:
        file = (root / name).with_suffix(".txt")
        if name not in captions and file.is_file():
            captions[name] = _lines(file, f"{key}: {file.name}")
    silent = [name for name in names if not captions.get(name)]
    if len(silent) == len(names) or (silent and missing is None):
        what_else = "captions=null" if len(silent) == len(names) else "captions_missing=empty or drop"
        raise ValueError(
            f"{key} has no caption for {len(silent)} of its {len(names)} pictures ({listed(silent, 3)}): write them "
            f"into {where}, or give dataset.source.{what_else}"
        )
    if missing == "drop":
        return {name: captions[name] for name in names if captions.get(name)}
    return {name: captions.get(name) or [""] for name in names}


def table_of(root: Path) -> Path | None:
    """The table that a folder of pictures has, if any."""
    return next((root / name for name in TABLES if (root / name).is_file()), None)


def _table(path: Path, source: str) -> dict[str, list[str]]:
    """Picture -> its captions, in the table's order; rows without a text are passed over."""
    captions: dict[str, list[str]] = {}
    for row in table_rows(path, source, COLUMNS):
        texts = row.get("text")
        for caption in texts if isinstance(texts, list) else [texts]:
            if isinstance(caption, str) and caption.strip():
                captions.setdefault(named(row.get("file_name")), []).append(caption.strip())
    return captions


def table_rows(path: Path, source: str, columns: Sequence[str]) -> Iterator[Mapping[str, Any]]:
    """The rows of a table of pictures, a file in CSV or in JSON lines.

    Args:
        source: what to call it in a message.
        columns: those that a CSV file must have.

    Raises:
        ValueError: the file cannot be read, or lacks a column.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
        yield from _json_rows(text, source) if path.suffix == ".jsonl" else _csv_rows(text, source, columns)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ValueError(f"{source} cannot be read: {error}") from error


def _csv_rows(text: str, source: str, columns: Sequence[str]) -> Iterable[Mapping[str, Any]]:
    table = csv.DictReader(io.StringIO(text, newline=""))
    if missing := [column for column in columns if column not in (table.fieldnames or ())]:
        near = nearest(missing[0], table.fieldnames or ())
        raise ValueError(f"{source} has no column {missing[0]!r}: it needs {listed(columns)}{near}")
    return table


def _json_rows(text: str, source: str) -> Iterator[Mapping[str, Any]]:
    for number, line in enumerate(text.split("\n"), 1):  # `splitlines` ends lines at signs that a text may have
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise ValueError(f"{source}, line {number}, cannot be read: {error}") from error
        if not isinstance(row, dict):
            raise ValueError(f"{source}, line {number}, is no object such as {{'file_name': ..., 'text': ...}}")
        yield row


def _lines(path: Path, source: str) -> list[str]:
    try:
        return [line.strip() for line in path.read_text(encoding="utf-8-sig").split("\n") if line.strip()]
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"{source} cannot be read: {error}") from error
