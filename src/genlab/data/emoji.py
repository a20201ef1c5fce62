"""Google's emoji: colour pictures of 64x64 pixels in nine classes."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import IO, NamedTuple

import numpy as np
from numpy.typing import NDArray

from genlab.data.catalog import cache_folder, entry_named
from genlab.data.fetch import files_of
from genlab.data.prepared import About, Write, prepared
from genlab.data.resize import resize
from genlab.data.source import Images
from genlab.picture_size import Size, height_and_width

CATEGORIES = (
    "Smileys & Emotion", "People & Body", "Animals & Nature", "Food & Drink", "Travel & Places", "Activities",
    "Objects", "Symbols", "Flags",
)  # fmt: skip


@dataclass(frozen=True)
class Emoji:
    """Emoji on white, labelled by their category; an emoji and its skin tones fall into one split.

    The five bare skin-tone swatches, a category of their own, are left out.

    Args:
        data_dir: where they are fetched to.
        skin_tones: with the skin-tone variants (3,781 pictures, 60 % of them people), or without (1,906).
        folder: a folder of the user's own with emoji.json and 64/*.png; tried first.
    """

    data_dir: str | Path
    skin_tones: bool = True
    folder: str | Path | None = None

    name = "emoji"

    def identity(self) -> str:
        return entry_named(self.name).identity + ("" if self.skin_tones else "-base")

    def load(self, channels: int, size: Size) -> Images:
        kind = "tones" if self.skin_tones else "base"
        cache = cache_folder(Path(self.data_dir).expanduser() / self.name / kind, self.identity(), channels, size)
        return prepared(cache, (channels, *height_and_width(size)), lambda write: self._prepare(write, channels, size))

    def _prepare(self, write: Write, channels: int, size: Size) -> About:
        files = files_of(
            self.name, Path(self.data_dir).expanduser(), None if self.folder is None else Path(self.folder)
        )
        listed = emoji_listed(files, self.skin_tones)
        pixels = np.stack([on_white(files / "64" / emoji.image) for emoji in listed])
        write(resize(pixels, channels, size, "scale", ground=255))
        labels, groups = (np.array([getattr(emoji, key) for emoji in listed]) for key in ("category", "base"))
        return About(labels, CATEGORIES, groups=groups)


class ListedEmoji(NamedTuple):
    """An emoji of the list `emoji.json`, or one of its skin tones."""

    image: str
    """The name of its file."""
    category: int
    """Its place in `CATEGORIES`."""
    base: int
    """The place in the list of the emoji whose skin tone it is, or of itself."""


def emoji_listed(files: Path, skin_tones: bool) -> list[ListedEmoji]:
    """The emoji of the list in a folder in its order, those without a picture and the bare skin tones left out."""
    table = json.loads((files / "emoji.json").read_text(encoding="utf-8"))
    entries = [entry for entry in table if entry["category"] in CATEGORIES]
    return [
        ListedEmoji(item["image"], CATEGORIES.index(entry["category"]), base)
        for base, entry in enumerate(sorted(entries, key=lambda entry: int(entry["sort_order"])))
        for item in (entry, *(entry.get("skin_variations", {}).values() if skin_tones else []))
        if item["has_img_google"]
    ]


def on_white(file: Path | IO[bytes]) -> NDArray[np.uint8]:
    """(3, height, width) of a picture that is clear around what it shows."""
    from PIL import Image

    with Image.open(file) as picture:
        colour = picture.convert("RGBA")
    white = Image.new("RGBA", colour.size, "white")
    return np.asarray(Image.alpha_composite(white, colour).convert("RGB")).transpose(2, 0, 1)
