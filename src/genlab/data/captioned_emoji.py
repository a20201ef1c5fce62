"""Emoji in several styles with captions, some pairs of style and concept kept for the test."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, NamedTuple, get_args

import numpy as np
from numpy.typing import NDArray

from genlab.data.catalog import cache_folder, entry_named
from genlab.data.colour_names import colour_names
from genlab.data.emoji import CATEGORIES, emoji_listed
from genlab.data.emoji_styles import STYLES, Style, files_by_code, pixels_of
from genlab.data.fetch import files_of
from genlab.data.openmoji import Drawing, code, drawings
from genlab.data.prepared import About, Write, prepared
from genlab.data.resize import check_channels, resize
from genlab.data.source import Attribute, Images
from genlab.errors import listed
from genlab.picture_size import Size, height_and_width
from genlab.progress import progress

Words = Literal["annotation", "tags", "group", "colours"]

HELD_OUT = ("seen", "held-out")
EVERY = 5
"""Of so many concepts one is held out in one style."""

_VERSION = 1
"""Raised when the same files give other pictures or captions."""


class Pair(NamedTuple):
    """A concept in a style."""

    style: Style
    file: Path
    category: int
    base: int
    """The number of the concept, its skin tones apart."""
    drawing: Drawing
    """What it is called."""


@dataclass(frozen=True)
class CaptionedEmoji:
    """Emoji on white as Google, Twitter, OpenMoji and Microsoft draw them, with OpenMoji's names as captions.

    Args:
        data_dir: where they are fetched to.
        styles: which of "google", "twitter", "openmoji" and "fluent" (Microsoft's).
        captions: what they say. "annotation": "dog face"; "tags": "dog face, pet"; "group": "dog face, animal mammal";
            "colours": "dog face, brown and white", as they are measured in the picture (`colour_names`).
            Where there are several, each epoch of training takes one of them, and the first is asked for in a test.
        style_word: whether a caption ends with the style, "dog face, google style".
        held_out: the test split. "pairs": every fifth concept in one of the styles, which is trained on in the others;
            a style: all pictures of that style, which is not trained on.
        skin_tones: with the skin-tone variants, which are 60 % people, or without (1,906 concepts).
    """

    data_dir: str | Path
    styles: Sequence[Style] = ("google", "twitter", "openmoji", "fluent")
    captions: Sequence[Words] = ("annotation",)
    style_word: bool = True
    held_out: Literal["pairs"] | Style = "pairs"
    skin_tones: bool = False

    name = "emoji_captions"
    has_captions = True

    def __post_init__(self) -> None:
        for key, given, known in (("styles", self.styles, STYLES), ("captions", self.captions, get_args(Words))):
            if not given or len(set(given)) < len(given) or not set(given) <= set(known):
                raise ValueError(f"dataset.source.{key}={list(given)}: give some of {listed(known)}, each once")
        if self.held_out not in ("pairs", *self.styles):
            raise ValueError(
                f"dataset.source.held_out={self.held_out!r}: give pairs, or a style of {listed(self.styles)}"
            )
        if len(self.styles) < 2:
            raise ValueError(f"dataset.source.styles={list(self.styles)}: what is held out in one needs another style")

    def identity(self) -> str:
        digests = [entry_named(name).identity for name in self._entries]
        asked = [list(self.styles), list(self.captions), self.style_word, self.held_out, self.skin_tones]
        return hashlib.sha256(json.dumps([_VERSION, digests, asked]).encode()).hexdigest()

    @property
    def _entries(self) -> list[str]:
        """Google's list says which emoji there are, OpenMoji's what they are called."""
        return list(dict.fromkeys(["emoji", "openmoji", *(STYLES[style] for style in self.styles)]))

    def load(self, channels: int, size: Size) -> Images:
        """The pictures. A caption decides the group, since each concept is of one.

        Raises:
            DataUnavailableError: they cannot be fetched, or the extra `composed`, which draws OpenMoji's, is missing.
        """
        check_channels(channels)
        cache = cache_folder(Path(self.data_dir).expanduser() / self.name, self.identity(), channels, size)
        shape = (channels, *height_and_width(size))
        images = prepared(cache, shape, lambda write: self._prepare(write, channels, size))
        return replace(images, told=frozenset({"group", "style"} if self.style_word else {"group"}))

    def _prepare(self, write: Write, channels: int, size: Size) -> About:
        pairs = list(self._pairs())
        unseen = np.array([self._is_held_out(pair) for pair in pairs])
        order = np.argsort(unseen, kind="stable")  # the test split comes last
        pairs, unseen = [pairs[i] for i in order], unseen[order]
        captions: list[list[str]] = []
        with progress(f"converting {self.name}", len(pairs), "images") as advance:
            for pair in pairs:
                pixels = pixels_of(pair.style, pair.file)[None]
                write(resize(pixels, channels, size, "scale", ground=255))
                captions.append([self._caption(pair, words, pixels) for words in self.captions])
                advance(1)
        category = np.array([pair.category for pair in pairs])
        style = np.array([self.styles.index(pair.style) for pair in pairs])
        attributes = {
            "style": Attribute(tuple(self.styles), style), "group": Attribute(CATEGORIES, category),
            "held_out": Attribute(HELD_OUT, unseen.astype(np.int64)),
        }  # fmt: skip
        groups = np.array([pair.base * len(self.styles) + k for pair, k in zip(pairs, style, strict=True)])
        return About(category, CATEGORIES, int(unseen.sum()), groups, captions=captions, attributes=attributes)

    def _pairs(self) -> Iterator[Pair]:
        """All concepts in all styles that draw them."""
        files = {name: files_of(name, Path(self.data_dir).expanduser()) for name in self._entries}
        known = {code(drawing.file): drawing for drawing in drawings(files["openmoji"])}
        of_style = {style: files_by_code(style, files[STYLES[style]]) for style in self.styles}
        for emoji in emoji_listed(files["emoji"], self.skin_tones):
            for style, by_code in of_style.items():
                if (file := by_code.get(code(emoji.image))) is not None:
                    yield Pair(style, file, emoji.category, emoji.base, known[code(emoji.image)])

    def _is_held_out(self, pair: Pair) -> bool:
        if self.held_out != "pairs":
            return pair.style == self.held_out
        turn, rest = divmod(pair.base, EVERY)
        return rest == 0 and pair.style == self.styles[turn % len(self.styles)]

    def _caption(self, pair: Pair, words: Words, pixels: NDArray[np.uint8]) -> str:
        drawing = pair.drawing
        told = [drawing.annotation]
        match words:
            case "tags":
                told += drawing.tags
            case "group":
                told.append(drawing.subgroup.replace("-", " "))
            case "colours":
                told.append(" and ".join(colour_names(resize(pixels, 3, 32, "scale")[0])))
        return ", ".join([*told, f"{pair.style} style"] if self.style_word else told)
