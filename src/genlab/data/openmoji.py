"""OpenMoji: drawings of all emoji, in colour and as lines, with names and tags. https://openmoji.org (CC BY-SA 4.0)"""

from __future__ import annotations

import io
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from genlab.data.emoji import on_white
from genlab.data.fetch import DataUnavailableError

SIDE = 128
"""Pixels: what the drawings are drawn at before they are scaled."""


@dataclass(frozen=True)
class Drawing:
    """What OpenMoji's list says of a drawing."""

    file: str
    annotation: str
    """Its name, such as "dog face"."""
    tags: tuple[str, ...]
    """Further words: what people would search for."""
    group: str
    subgroup: str
    base: str
    """The file of the drawing whose skin tone it is, or of itself."""


def drawings(files: Path) -> list[Drawing]:
    """All drawings in the order of the list, in the fetched folder `files`."""
    table = json.loads((files / "openmoji.json").read_text(encoding="utf-8"))
    return [_drawing(row) for row in table]


def code(name: str) -> str:
    """The characters of an emoji as every style's files can be compared by: "1F44B-1F3FB.svg" -> "1f44b-1f3fb"."""
    characters = name.lower().partition(".")[0].split("-")
    return "-".join(character.lstrip("0") for character in characters if character != "fe0f")


def rendered(path: Path) -> NDArray[np.uint8]:
    """(3, SIDE, SIDE): a drawing on white.

    Raises:
        DataUnavailableError: the extra `composed` is not installed.
    """
    try:
        from resvg_py import svg_to_bytes
    except ImportError as error:
        raise DataUnavailableError(
            "OpenMoji's drawings need the extra composed: uv pip install 'genlab[composed]'"
        ) from error
    svg = path.read_text(encoding="utf-8")
    return on_white(io.BytesIO(bytes(svg_to_bytes(svg_string=svg, width=SIDE, height=SIDE, skip_system_fonts=True))))


def _drawing(row: dict[str, Any]) -> Drawing:
    words = [word.strip() for key in ("tags", "openmoji_tags") for word in row[key].split(",")]
    tags = tuple(dict.fromkeys(word for word in words if word and word not in row["annotation"]))
    base = row["skintone_base_hexcode"] or row["hexcode"]
    return Drawing(f"{row['hexcode']}.svg", row["annotation"], tags, row["group"], row["subgroups"], f"{base}.svg")
