"""The styles that emoji are drawn in: where each lies, and which file shows what."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from genlab.data.emoji import on_white
from genlab.data.openmoji import code, rendered

Style = Literal["google", "twitter", "openmoji", "fluent"]

STYLES: dict[Style, str] = {
    "google": "emoji", "twitter": "emoji_twitter", "openmoji": "openmoji", "fluent": "emoji_fluent",
}  # fmt: skip
"""Style -> the catalogue's entry."""

_TONES = ("1f3fb", "1f3fc", "1f3fd", "1f3fe", "1f3ff")
_SWAPPED = {"1f3fc": "1f3fd", "1f3fd": "1f3fc"}
"""Skin tones whose files have each other's names in Microsoft's set where a picture has one tone; couples are right."""


def files_by_code(style: Style, files: Path) -> dict[str, Path]:
    """The code of an emoji -> its picture."""
    folder = files / {"google": "64", "twitter": "64", "openmoji": "color", "fluent": "assets"}[style]
    found = {code(path.name): path for path in folder.iterdir()}
    return {_named_right(key): path for key, path in found.items()} if style == "fluent" else found


def _named_right(key: str) -> str:
    """What is in Microsoft's file of this code."""
    parts = key.split("-")
    if sum(part in _TONES for part in parts) == 1:
        parts = [_SWAPPED.get(part, part) for part in parts]
    return "-".join(parts)


def pixels_of(style: Style, file: Path) -> NDArray[np.uint8]:
    """(3, height, width), of the size that the style comes in."""
    return rendered(file) if style == "openmoji" else on_white(file)
