"""The sheet of a sweep: what each of its jobs made, in rows and columns that are labelled by the values swept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from genlab.modalities.grids import Pixels, grid
from genlab.reports.sweep_keys import short_names

Tiles = NDArray[np.uint8]
"""(n, 1 or 3, height, width)."""

SIDE = 96
"""Pixels that the longer side of a small picture is enlarged to, about."""
_LONGEST = 48
"""Letters of a label; a longer prompt is cut."""
_NARROW = 16
"""Letters of the longest label that a column may have above it."""
_PAPER = 255
_Place = tuple[tuple[str, str], ...]
"""A row or a column: swept keys with their values, uncut; the key is empty where there is none."""
_ORIGINAL: _Place = (("", "original"),)


@dataclass(frozen=True)
class Cell:
    """What one job made.

    Args:
        values: swept key -> its value.
        tiles: pictures, each of the same noise in all cells.
        prompts: what each of the tiles was drawn for, where they differ: then each has a row of its own.
        original: a picture that all of them were made from.
    """

    values: Mapping[str, str]
    tiles: Tiles
    prompts: Sequence[str] | None = None
    original: Tiles | None = None


def sheet(cells: Sequence[Cell]) -> Pixels:
    """(height, width, 3): rows by columns of swept values, in the order of the cells."""
    keys = list(dict.fromkeys(key for cell in cells for key in cell.values))
    names = short_names(keys)
    column_keys = _column_keys(cells, keys)
    row_keys = [key for key in keys if key not in column_keys]
    blocks: dict[tuple[_Place, _Place], Tiles] = {}
    for cell in cells:
        row, column = _place(cell, row_keys), _place(cell, column_keys)
        for place, tiles in _rows_of(cell, row):
            if cell.original is not None:
                blocks.setdefault((place, _ORIGINAL), cell.original)
            blocks[place, column] = tiles
    rows, columns = (list(dict.fromkeys(places)) for places in zip(*blocks, strict=True))
    row_labels, column_labels = ([_label(place, names) for place in places] for places in (rows, columns))
    joined = {place: _joined(tiles, wide=len(columns) == 1) for place, tiles in blocks.items()}
    height, width = (max(block.shape[side] for block in joined.values()) for side in (1, 2))
    pictures = np.full((len(rows) * len(columns), 3, height, width), _PAPER, np.uint8)
    for (row, column), block in joined.items():
        pictures[rows.index(row) * len(columns) + columns.index(column), :, : block.shape[1], : block.shape[2]] = block
    return grid(
        pictures, len(columns), scale=max(1, round(SIDE / max(cells[0].tiles.shape[-2:]))), pad=6,
        row_labels=row_labels if any(row_labels) else (), column_labels=column_labels if any(column_labels) else (),
    )  # fmt: skip


def _column_keys(cells: Sequence[Cell], keys: Sequence[str]) -> list[str]:
    """What stands above: all keys where each prompt has a row, else the last one that is short enough, and that is not
    what chose the original."""
    if any(cell.prompts is not None for cell in cells):
        return list(keys)
    longest = {key: max(len(cell.values.get(key, "")) for cell in cells) for key in keys}
    return [key for key in keys if longest[key] <= _NARROW and _one_original_a_row(cells, key, keys)][-1:]


def _one_original_a_row(cells: Sequence[Cell], column_key: str, keys: Sequence[str]) -> bool:
    """Whether cells that differ in `column_key` alone were made from the same picture."""
    originals: dict[_Place, Tiles] = {}
    for cell in cells:
        row = _place(cell, [key for key in keys if key != column_key])
        if cell.original is not None and not np.array_equal(originals.setdefault(row, cell.original), cell.original):
            return False
    return True


def _place(cell: Cell, keys: Sequence[str]) -> _Place:
    return tuple((key, cell.values[key]) for key in keys if key in cell.values)


def _rows_of(cell: Cell, row: _Place) -> list[tuple[_Place, Tiles]]:
    if cell.prompts is None:
        return [(row, cell.tiles)]
    prompts = list(dict.fromkeys(cell.prompts))
    of_prompt = [[i for i, each in enumerate(cell.prompts) if each == prompt] for prompt in prompts]
    return [((("", f"{i + 1}. {prompts[i]}"),), cell.tiles[numbers]) for i, numbers in enumerate(of_prompt)]


def _label(place: _Place, names: Mapping[str, str]) -> str:
    return ", ".join(f"{names[key]}={_cut(value)}" if key else _cut(value) for key, value in place)


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 3].rstrip()}..."


def _joined(tiles: Tiles, wide: bool) -> Tiles:
    """(3, height, width): the pictures of one cell side by side, in a row or in about a square."""
    n, _, height, width = tiles.shape
    columns = n if wide else int(np.ceil(n**0.5))
    rows = -(-n // columns)
    block = np.full((3, rows * (height + 1) - 1, columns * (width + 1) - 1), _PAPER, np.uint8)
    for i, tile in enumerate(tiles):
        top, left = i // columns * (height + 1), i % columns * (width + 1)
        block[:, top : top + height, left : left + width] = tile
    return block
