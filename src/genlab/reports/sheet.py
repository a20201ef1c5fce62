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
    blocks: dict[tuple[str, str], Tiles] = {}
    for cell in cells:
        row, column = _label(cell, row_keys, names), _label(cell, column_keys, names)
        for label, tiles in _rows_of(cell, row):
            if cell.original is not None:
                blocks.setdefault((label, "original"), cell.original)
            blocks[label, column] = tiles
    rows, columns = (list(dict.fromkeys(labels)) for labels in zip(*blocks, strict=True))
    joined = {place: _joined(tiles, wide=len(columns) == 1) for place, tiles in blocks.items()}
    height, width = (max(block.shape[side] for block in joined.values()) for side in (1, 2))
    pictures = np.full((len(rows) * len(columns), 3, height, width), _PAPER, np.uint8)
    for (row, column), block in joined.items():
        pictures[rows.index(row) * len(columns) + columns.index(column), :, : block.shape[1], : block.shape[2]] = block
    return grid(
        pictures, len(columns), scale=max(1, round(SIDE / max(cells[0].tiles.shape[-2:]))), pad=6,
        row_labels=rows if any(rows) else (), column_labels=columns if any(columns) else (),
    )  # fmt: skip


def _column_keys(cells: Sequence[Cell], keys: Sequence[str]) -> list[str]:
    """What stands above: all keys where each prompt has a row, else the last one that is short enough."""
    if any(cell.prompts is not None for cell in cells):
        return list(keys)
    longest = {key: max(len(cell.values.get(key, "")) for cell in cells) for key in keys}
    return [key for key in keys if longest[key] <= _NARROW][-1:]


def _label(cell: Cell, keys: Sequence[str], names: Mapping[str, str]) -> str:
    texts = [f"{names[key]}={_cut(cell.values[key])}" for key in keys if key in cell.values]
    return ", ".join(texts)


def _rows_of(cell: Cell, label: str) -> list[tuple[str, Tiles]]:
    if cell.prompts is None:
        return [(label, cell.tiles)]
    prompts = list(dict.fromkeys(cell.prompts))
    of_prompt = [[i for i, each in enumerate(cell.prompts) if each == prompt] for prompt in prompts]
    return [(f"{i + 1}. {_cut(prompts[i])}", cell.tiles[numbers]) for i, numbers in enumerate(of_prompt)]


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
