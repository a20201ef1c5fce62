"""`genlab data list` and `genlab data fetch NAME`."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from genlab.data.catalog import COLLECTIONS, ENTRIES, OTHERS, Collection, Entry, Other, default_data_dir, entry_named
from genlab.errors import ConfigError, nearest

_HELP = """genlab data: the data sets that can be trained on.

usage: genlab data list [paths.data_dir=DIR]        what there is, and what is already here
       genlab data fetch NAME [paths.data_dir=DIR]  bring a data set here, or check what is here

Nothing needs to be fetched beforehand: a run fetches what it trains on. Without paths.data_dir, data lie in
{data_dir} (the environment variable GENLAB_DATA_DIR, else ~/.cache/genlab/data).
"""
_HINT = "image_folder needs dataset.source.path=FOLDER, hub needs dataset.source.repo=OWNER/NAME and the extra hub"


def main(argv: list[str]) -> int:
    """Run `list` or `fetch`; the exit status is 1 when a data set could not be had.

    Raises:
        ConfigError: the request makes no sense.
    """
    if not argv or any(word in ("-h", "--help", "help") for word in argv):
        print(_HELP.format(data_dir=default_data_dir()), end="")
        return 0
    words, data_dir = _parse(argv)
    match words:
        case ["list"]:
            return _list(data_dir)
        case ["fetch", name]:
            return _fetch(name, data_dir)
        case ["fetch", *names]:
            few = "is missing" if not names else "must stand alone"
            raise ConfigError(f"the name of the data set {few}: genlab data fetch NAME; known: {', '.join(_fetched())}")
        case ["list", *_]:
            raise ConfigError("genlab data list takes no name")
    raise ConfigError(
        f"genlab data has no {words[0]!r}{nearest(words[0], ('list', 'fetch')) or '; it has list and fetch'}"
    )


def _parse(argv: Sequence[str]) -> tuple[list[str], Path]:
    """The plain words, and the data folder."""
    data_dir = default_data_dir()
    words = []
    for word in argv:
        key, equals, value = word.partition("=")
        if not equals:
            words.append(word)
        elif key != "paths.data_dir" or not value:
            raise ConfigError(f"genlab data takes paths.data_dir=DIR, not {word!r}")
        else:
            data_dir = Path(value).expanduser()
    return words or [""], data_dir


def _list(data_dir: Path) -> int:
    from rich.box import SIMPLE
    from rich.console import Console
    from rich.table import Table

    table = Table(
        title=f"data folder: {data_dir}", title_justify="left", caption=_HINT, caption_justify="left", box=SIMPLE,
        pad_edge=False, padding=(0, 1, 0, 0),
    )  # fmt: skip
    for column in ("dataset=", "what", "pictures", "shape", "classes", "licence", "where"):
        numeric = column in ("pictures", "classes")
        table.add_column(column, justify="right" if numeric else "left", no_wrap=column == "dataset=")
    items: list[Entry | Collection | Other] = [*OTHERS, *_fetched().values()]
    for item in items:
        where = item.where if isinstance(item, Other) else _where(_parts(item), data_dir)
        pictures, classes = ("" if number is None else f"{number:,}" for number in (item.pictures, item.classes))
        table.add_row(item.name, item.content, pictures, item.shape, classes, item.licence, where)
    Console().print(table)
    return 0


def _fetched() -> dict[str, Entry | Collection]:
    """The choices of `dataset=` that can be fetched."""
    return {name: entry for name, entry in ENTRIES.items() if not entry.is_part} | COLLECTIONS


def _parts(item: Entry | Collection) -> tuple[Entry, ...]:
    return item.parts if isinstance(item, Collection) else (item,)


def _where(entries: Sequence[Entry], data_dir: Path) -> str:
    files = {entry.name: data_dir / entry.name / "files" for entry in entries}
    missing = [entry for entry in entries if not files[entry.name].is_dir()]
    if missing:
        return f"not fetched ({sum(entry.megabytes for entry in missing)} MB)"
    return f"here, {sum(map(_megabytes, files.values()))} MB"


def _megabytes(folder: Path) -> int:
    return round(sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 1e6)


def _fetch(name: str, data_dir: Path) -> int:
    from genlab.data.fetch import DataUnavailableError, files_of

    for other in OTHERS:
        if other.name == name:
            print(f"nothing to fetch for {name}: {other.where}")
            return 0
    for entry in COLLECTIONS[name].parts if name in COLLECTIONS else (entry_named(name),):
        try:
            files = files_of(entry.name, data_dir)
        except DataUnavailableError as error:
            print(f"error: {error}", file=sys.stderr)
            return 1
        print(f"{entry.name}: {_megabytes(files)} MB in {files}, SHA-256 as expected")
    return 0
