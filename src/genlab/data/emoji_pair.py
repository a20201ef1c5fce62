"""The same emoji as two firms draw them: two domains whose true partners are known."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from genlab.data.catalog import cache_folder, entry_named
from genlab.data.emoji import emoji_listed
from genlab.data.emoji_styles import STYLES, Style, files_by_code, pixels_of
from genlab.data.fetch import files_of
from genlab.data.openmoji import code
from genlab.data.prepared import About, Write, prepared
from genlab.data.resize import check_channels, resize
from genlab.data.source import PARTNER, Attribute, Images
from genlab.errors import listed
from genlab.picture_size import Size, height_and_width
from genlab.progress import progress

_VERSION = 1
"""Raised when the same files give other pictures."""


@dataclass(frozen=True)
class EmojiPair:
    """Emoji on white in two styles, the labels 0 and 1; only those that both styles draw.

    A picture and its partner, the same emoji in the other style, have the same value of the attribute "partner" and
    fall into one split, skin tones with them: partners of test pictures are never trained on.

    Args:
        data_dir: where they are fetched to.
        styles: two of "google", "twitter", "openmoji" (which needs the extra composed) and "fluent" (Microsoft's).
        skin_tones: with the skin-tone variants, which are 60 % people, or without.
    """

    data_dir: str | Path
    styles: tuple[Style, Style] = ("google", "twitter")
    skin_tones: bool = False

    name = "emoji_pair"

    def __post_init__(self) -> None:
        if len(self.styles) != 2 or len(set(self.styles)) != 2 or not set(self.styles) <= set(STYLES):
            raise ValueError(f"dataset.source.styles={list(self.styles)}: give two of {listed(list(STYLES))}")

    def identity(self) -> str:
        digests = [entry_named(name).identity for name in self._entries]
        return hashlib.sha256(json.dumps([_VERSION, digests, list(self.styles), self.skin_tones]).encode()).hexdigest()

    @property
    def _entries(self) -> list[str]:
        """Google's list says which emoji there are."""
        return list(dict.fromkeys(["emoji", *(STYLES[style] for style in self.styles)]))

    def load(self, channels: int, size: Size) -> Images:
        """The pictures: all of the first style, then all of the second.

        Raises:
            DataUnavailableError: they cannot be fetched, or the extra `composed`, which draws OpenMoji's, is missing.
        """
        check_channels(channels)
        cache = cache_folder(Path(self.data_dir).expanduser() / self.name, self.identity(), channels, size)
        return prepared(cache, (channels, *height_and_width(size)), lambda write: self._prepare(write, channels, size))

    def _prepare(self, write: Write, channels: int, size: Size) -> About:
        files = {name: files_of(name, Path(self.data_dir).expanduser()) for name in self._entries}
        drawn = [files_by_code(style, files[STYLES[style]]) for style in self.styles]
        known = emoji_listed(files["emoji"], self.skin_tones)
        emoji = [each for each in known if all(code(each.image) in by_code for by_code in drawn)]
        with progress(f"converting {self.name}", 2 * len(emoji), "images") as advance:
            for style, by_code in zip(self.styles, drawn, strict=True):
                for each in emoji:
                    pixels = pixels_of(style, by_code[code(each.image)])[None]
                    write(resize(pixels, channels, size, "scale", ground=255))
                    advance(1)
        n = len(emoji)
        partner = Attribute(tuple(code(each.image) for each in emoji), np.tile(np.arange(n), 2))
        groups = np.tile(np.array([each.base for each in emoji]), 2)
        labels = np.repeat(np.arange(2), n)
        return About(labels, list(self.styles), groups=groups, attributes={PARTNER: partner})
