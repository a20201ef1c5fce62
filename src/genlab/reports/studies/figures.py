"""The small pictures that a study's page shows of each row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from genlab.reports.collect import Collected

_WIDEST = 420
_COLOURS = 64


def figures(shown: Mapping[str, Collected], kinds: Sequence[str], folder: Path) -> dict[str, dict[str, str]]:
    """Copy the last picture of each kind of each row to `folder`/pictures, small; kind -> row -> relative path."""
    found: dict[str, dict[str, str]] = {}
    for kind in kinds:
        for row, run in shown.items():
            if (source := _last(run, kind)) is not None:
                name = f"pictures/{kind}_{_safe(row)}.png"
                _small(source, folder / name)
                found.setdefault(kind, {})[row] = name
    return found


def _last(run: Collected, kind: str) -> Path | None:
    """The newest of the pictures by step; else the picture of that very name."""
    by_step = run.pictures().get(kind)
    if by_step:
        return by_step[max(by_step)]
    path = run.run.samples / f"{kind}.png"
    return path if path.is_file() else None


def _small(source: Path, path: Path) -> None:
    from PIL import Image

    from genlab.runs.atomic import replacing

    with Image.open(source) as opened:
        image = opened.convert("RGB")
    if image.width > _WIDEST:
        image = image.resize((_WIDEST, round(image.height * _WIDEST / image.width)), Image.Resampling.LANCZOS)
    with replacing(path) as file:
        image.quantize(_COLOURS).save(file, format="PNG", optimize=True)


def _safe(name: str) -> str:
    from genlab.runs.sweeps import safe

    return safe(name)
