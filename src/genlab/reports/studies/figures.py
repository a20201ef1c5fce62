"""The small pictures that a study's page shows of each row."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from genlab.reports.collect import OF_A_SAMPLER, Collected

if TYPE_CHECKING:
    from PIL.Image import Image

_PAGE = 1260
"""Pixels that the pictures of a line of the page share."""
_NARROWEST, _WIDEST = 420, 960
_LANDSCAPE, _LANDSCAPE_WIDTH = 1.6, 640
"""Pictures of this ratio of the sides hold several side by side, and are illegible when smaller."""
_GAP = 6
_COLOURS = 64


def figures(shown: Mapping[str, Sequence[Collected]], kinds: Sequence[str], folder: Path) -> dict[str, dict[str, str]]:
    """Write the last picture of each kind of each row to `folder`/pictures, small; kind -> row -> relative path.

    A row of several runs (a study's `each`) is shown as one sheet of their pictures. Rows that would show the very
    same file, because they differ in where they are read alone, show it once.
    """
    by_kind: dict[str, dict[str, str]] = {}
    for kind in kinds:
        sources = {row: [path for run in runs if (path := _last(run, kind))] for row, runs in shown.items()}
        sources = _once({row: paths for row, paths in sources.items() if paths})
        width = min(max(_PAGE // max(len(sources), 1), _NARROWEST), _WIDEST)
        for row, paths in sources.items():
            name = f"pictures/{kind}_{_safe(row)}.png"
            _write(paths, width, folder / name)
            by_kind.setdefault(kind, {})[row] = name
    return by_kind


def _once(sources: dict[str, list[Path]]) -> dict[str, list[Path]]:
    """Without the rows whose pictures are those of a later row: of one training's epochs, the last row shows it."""
    last = {tuple(paths): row for row, paths in sources.items()}
    return {row: paths for row, paths in sources.items() if last[tuple(paths)] == row}


def _last(run: Collected, kind: str) -> Path | None:
    """The newest by step, of an evaluation its own where its sampler drew it; else the picture of that very name."""
    shown = run if kind in OF_A_SAMPLER else run.trained
    by_step = shown.pictures().get(kind)
    if by_step:
        return by_step[max(by_step)]
    path = run.run.samples / f"{kind}.png"
    return path if path.is_file() else None


def _write(sources: Sequence[Path], width: int, path: Path) -> None:
    from PIL import Image

    from genlab.atomic import replacing

    image = _sheet([Image.open(source).convert("RGB") for source in sources])
    if image.width > _LANDSCAPE * image.height:
        width = max(width, _LANDSCAPE_WIDTH)
    if image.width > width:
        image = image.resize((width, round(image.height * width / image.width)), Image.Resampling.LANCZOS)
    with replacing(path) as file:
        image.quantize(_COLOURS).save(file, format="PNG", optimize=True)


def _sheet(images: Sequence[Image]) -> Image:
    """Pictures in reading order, about as many a line as there are lines, on white."""
    from PIL import Image

    if len(images) == 1:
        return images[0]
    columns = math.ceil(math.sqrt(len(images)))
    width, height = max(i.width for i in images) + _GAP, max(i.height for i in images) + _GAP
    lines = math.ceil(len(images) / columns)
    sheet = Image.new("RGB", (columns * width - _GAP, lines * height - _GAP), "white")
    for n, image in enumerate(images):
        sheet.paste(image, (n % columns * width, n // columns * height))
    return sheet


def _safe(name: str) -> str:
    from genlab.runs.sweeps import safe

    return safe(name)
