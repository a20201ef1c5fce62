"""Critters: pictures composed of named parts and colours, with captions that say exactly what is drawn.

Style: https://www.dicebear.com/styles/critters (CC0 1.0), drawn by the packages of the extra `composed`.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import importlib.util
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from genlab.data.catalog import cache_folder
from genlab.data.fetch import DataUnavailableError
from genlab.data.prepared import About, Write, prepared
from genlab.data.resize import check_channels, resize
from genlab.data.source import Attribute, Images
from genlab.picture_size import Size, height_and_width
from genlab.progress import progress
from genlab.ranges import PositiveInt, Seed

if TYPE_CHECKING:
    from dicebear import Style

COLOURS = {
    "light blue": "#7dd3fc", "periwinkle": "#a5b4fc", "lavender": "#c4b5fd", "pink": "#f0abfc", "rose": "#fda4af",
    "salmon": "#fca5a5", "orange": "#fdba74", "yellow": "#fcd34d", "lime": "#bef264", "mint": "#6ee7b9",
    "turquoise": "#5eead4", "white": "#e2e8f0",
}  # fmt: skip
"""Of bodies, and of what is on top of them: name -> colour in the style."""
BACKGROUNDS = {
    "blue": "#0369a1", "royal blue": "#1d4ed8", "indigo": "#4338ca", "violet": "#6d28d9", "purple": "#a21caf",
    "magenta": "#be185d", "red": "#be123c", "rust": "#c2410c", "brown": "#b45309", "green": "#047857",
    "teal": "#0f766e", "black": "#1e293b",
}  # fmt: skip
BODIES = {
    "dome": "dome", "block": "block", "tower": "tower", "chimney": "chimney", "squat": "squat", "blob": "blob",
    "round": "round", "left-leaning": "tilt", "right-leaning": "lean", "peaked": "peak", "bell": "bell",
    "wedge": "wedge", "upturned wedge": "wedgeInv", "stepped": "steps",
}  # fmt: skip
"""Name -> what the style calls it, as in the tables below."""
TOPS = {
    "none": None, "horns": "horns", "curved horns": "hornsIn", "small horns": "hornsSmall", "spike": "spike",
    "antenna": "antenna", "antennae": "antennae", "round ears": "earsRound", "pointed ears": "earsPointy",
    "long ears": "earsDroop", "spikes": "spikes", "fin": "fin", "crown": "crown", "sprout": "sprout", "nub": "nub",
    "bobble": "bobble",
}  # fmt: skip
PATTERNS = {
    "none": None, "a pale belly": "belly", "dots": "dots", "speckles": "speckles", "a bar": "bar", "bars": "bars",
    "a spot": "spot", "stripes": "stripes", "a row of dots": "dotRow", "a chevron": "chevron", "a ring": "ring",
}  # fmt: skip
EYES = {
    "round eyes": "round", "dot eyes": "dots", "big eyes": "bigPupils", "sideways eyes": "sideeye",
    "crossed eyes": "inward", "one eye": "mono", "uneven eyes": "uneven", "three eyes": "trio",
    "three eyes in a row": "threeRow", "four eyes": "four", "happy eyes": "happy", "closed eyes": "closedLine",
    "a wink": "wink", "squinting eyes": "squint", "wide eyes": "wide", "sleepy eyes": "sleepy", "angry eyes": "angry",
    "one sleepy eye": "monoSleepy", "close eyes": "close",
}  # fmt: skip
MOUTHS = {
    "a smile": "smile", "a tiny smile": "tinySmile", "a grin": "grin", "a laugh": "laugh", "teeth": "teeth",
    "a round mouth": "ooh", "a straight mouth": "line", "a smirk": "smirk", "a wavy mouth": "wavy",
    "a cat mouth": "catMouth", "a zigzag mouth": "zigzag", "a frown": "frown", "a small frown": "sad",
    "a slanted mouth": "slant", "a dot mouth": "dot", "an open mouth": "open", "a tooth": "tooth",
    "a tongue": "tongue", "a tiny tongue": "blep",
}  # fmt: skip
PARTS: Mapping[str, Mapping[str, str | None]] = {
    "colour": COLOURS, "body": BODIES, "background": BACKGROUNDS, "top": TOPS, "accent": {"none": None, **COLOURS},
    "pattern": PATTERNS, "eyes": EYES, "mouth": MOUTHS,
}  # fmt: skip
"""What is chosen for a critter; `accent` is the colour of what is on top of it, never that of its body."""
_TOLD = {"full": frozenset(PARTS), "short": frozenset({"colour", "body", "background"})}
"""What a caption decides."""
HELD_OUT = ("seen", "held-out")
"""The names of the attribute `held_out`: whether a picture's pair of colour and body is one to train on."""

_VERSION = 1
"""Raised when the same arguments and packages give other pictures or captions."""
_PACKAGES = ("dicebear-core", "dicebear-styles", "resvg-py")


@dataclass(frozen=True)
class Critters:
    """Critters on plain ground: each part and colour is chosen by itself, and picture i depends on (seed, i) alone.

    Each of the 14 bodies has one of the 12 colours in which it is never trained on (`held_out_colour`). Of the test
    pictures every second one is such a pair, told by the attribute `held_out`: a model that composes draws them as well
    as the others. A full caption names everything that is drawn, and what it does not name is not there.

    In a wide picture the ground goes on beside a critter, in a high one above it.

    Args:
        data_dir: where the pictures are kept once they are drawn.
        n: pictures to train and validate on.
        n_test: pictures to test on.
        seed: of the choices; that of a run does not change its data.
        captions: "full" names everything that is drawn; "short" leaves open what is on the body, "a lime dome critter
            on blue"; None is full alone. Where there are both, each epoch of training takes one, and the first is asked
            for in a test.
    """

    data_dir: str | Path
    n: PositiveInt = 20_000
    n_test: PositiveInt = 2_000
    seed: Seed = 0
    captions: Sequence[Literal["full", "short"]] | None = None

    name = "critters"
    has_captions = True
    regions: ClassVar[Mapping[str, tuple[int, int, int, int]]] = {"eyes": (27, 36, 46, 24), "mouth": (36, 60, 29, 16)}
    """Left, top, width and height of where the style draws them, of a canvas of 100 x 100, whatever else is drawn."""

    def __post_init__(self) -> None:
        if self.captions is not None and (not self.captions or len(set(self.captions)) < len(self.captions)):
            raise ValueError(f"dataset.source.captions={list(self.captions)}: give full, short or both, each once")

    def identity(self) -> str:
        """A digest of the style, the packages that draw it, the tables of names and the arguments.

        Raises:
            DataUnavailableError: the extra `composed` is not installed.
        """
        try:
            versions = [importlib.metadata.version(package) for package in _PACKAGES]
            style = hashlib.sha256(_style_file().read_bytes()).hexdigest()
        except (ImportError, OSError) as error:
            raise _not_installed() from error
        parts = [_VERSION, style, versions, [list(table.items()) for table in PARTS.values()]]
        asked = [] if self.captions is None else [list(self.captions)]
        return hashlib.sha256(json.dumps([*parts, self.n, self.n_test, self.seed, *asked]).encode()).hexdigest()

    def load(self, channels: int, size: Size) -> Images:
        """The pictures.

        Raises:
            DataUnavailableError: the extra `composed` is not installed.
        """
        check_channels(channels)
        height, width = height_and_width(size)
        conversion = 1 if height == width else 2  # the first had white borders
        home = Path(self.data_dir).expanduser() / self.name
        cache = cache_folder(home, self.identity(), channels, size, conversion)
        shape = (channels, height, width)
        images = prepared(cache, shape, lambda write: self._prepare(write, channels, size))
        regions = {
            name: np.broadcast_to(self._region(name, size), (len(images.pixels), *shape[1:])) for name in self.regions
        }
        return replace(images, regions=regions, told=_TOLD[(self.captions or ("full",))[0]])

    def _region(self, name: str, size: Size) -> NDArray[np.bool_]:
        """(height, width): the pixels that are at least partly in the region, the same of every picture."""
        left, top, width, height = self.regions[name]
        sides = height_and_width(size)
        side, region = min(sides), np.zeros(sides, bool)
        rows, columns = (slice(a * side // 100, -(-(a + n) * side // 100)) for a, n in ((top, height), (left, width)))
        region[_critter_in(sides)][rows, columns] = True
        return region

    def _prepare(self, write: Write, channels: int, size: Size) -> About:
        chosen = [self.chosen(i) for i in range(self.n + self.n_test)]
        with progress(f"drawing {self.name}", len(chosen), "images") as advance:
            sides = height_and_width(size)
            for parts, picture in zip(chosen, drawn(chosen, min(sides)), strict=True):
                write(resize(_framed(picture, parts["background"], sides)[None], channels, size, "scale"))
                advance(1)
        attributes = {
            part: Attribute(tuple(table), np.array([list(table).index(parts[part]) for parts in chosen]))
            for part, table in PARTS.items()
        }
        unseen = np.array([parts["colour"] == held_out_colour(parts["body"]) for parts in chosen], np.int64)
        attributes["held_out"] = Attribute(HELD_OUT, unseen)
        write_caption = {"full": caption, "short": short_caption}
        captions = [[write_caption[kind](parts) for kind in self.captions or ("full",)] for parts in chosen]
        return About(n_test=self.n_test, captions=captions, attributes=attributes)

    def chosen(self, i: int) -> dict[str, str]:
        """Part -> name, for picture i; those from n on are of the test split."""
        bits = np.random.Philox(key=[self.seed, i]).random_raw(len(PARTS) + 2)  # numpy promises these bits
        name = {
            part: list(table)[int(bit) % len(table)] for (part, table), bit in zip(PARTS.items(), bits, strict=False)
        }
        if (name["body"], name["top"]) == ("tower", "crown"):  # the tower hides it
            name["top"] = "none"
        unseen = held_out_colour(name["body"])
        others = [colour for colour in COLOURS if colour != unseen]
        is_unseen = i >= self.n and (i - self.n) % 2 == 1
        name["colour"] = unseen if is_unseen else others[int(bits[0]) % len(others)]
        accents = [colour for colour in COLOURS if colour != name["colour"]]
        name["accent"] = "none" if name["top"] == "none" else accents[int(bits[-2]) % len(accents)]
        if bits[-1] % 2:  # half of them are plain
            name["pattern"] = "none"
        return name


def held_out_colour(body: str) -> str:
    """The colour in which a body is never trained on."""
    colours = list(COLOURS)
    return colours[list(BODIES).index(body) % len(colours)]


def caption(name: Mapping[str, str]) -> str:
    """Part -> name, in words: "a lime dome critter with mint horns, dots, round eyes and a smile on blue"."""
    parts = [] if name["pattern"] == "none" else [name["pattern"]]
    if name["top"] != "none":
        top = f"{name['accent']} {name['top']}"
        plural = name["top"].endswith(("s", "antennae"))
        parts.insert(0, top if plural else _with_article(top))
    critter = _critter(name)
    return f"{critter} with {', '.join([*parts, name['eyes']])} and {name['mouth']} on {name['background']}"


def short_caption(name: Mapping[str, str]) -> str:
    """Part -> name, in a few words: "a lime dome critter on blue"."""
    return f"{_critter(name)} on {name['background']}"


def _critter(name: Mapping[str, str]) -> str:
    return _with_article(f"{name['colour']} {name['body']} critter")


def drawn(chosen: list[dict[str, str]], size: int) -> Iterator[NDArray[np.uint8]]:
    """(3, size, size) for each choice.

    Raises:
        DataUnavailableError: the extra `composed` is not installed.
    """
    try:
        from dicebear import Avatar
        from resvg_py import svg_to_bytes
    except ImportError as error:
        raise _not_installed() from error
    from PIL import Image

    for name in chosen:
        svg = Avatar(_style(), _options(name)).to_string()
        png = bytes(svg_to_bytes(svg_string=svg, width=size, height=size, skip_system_fonts=True))
        with Image.open(io.BytesIO(png)) as picture:
            yield np.asarray(picture.convert("RGB")).transpose(2, 0, 1)


def _framed(picture: NDArray[np.uint8], background: str, sides: tuple[int, int]) -> NDArray[np.uint8]:
    """(3, side, side) -> (3, *sides): its ground goes on to the left and right, or above."""
    colour = np.array([int(BACKGROUNDS[background][i : i + 2], 16) for i in (1, 3, 5)], np.uint8)
    framed = np.broadcast_to(colour[:, None, None], (3, *sides)).copy()
    framed[:, *_critter_in(sides)] = picture
    return framed


def _critter_in(sides: tuple[int, int]) -> tuple[slice, slice]:
    """Rows and columns of the square that the style draws, in a picture of (height, width)."""
    (height, width), side = sides, min(sides)
    left = (width - side) // 2
    return slice(height - side, height), slice(left, left + side)


def _options(name: Mapping[str, str]) -> dict[str, Any]:
    """DiceBear's options that leave nothing to its own chance: a list of one is that one."""
    style_name = {part: table[name[part]] for part, table in PARTS.items()}
    options: dict[str, Any] = {"seed": "", "animationVariant": "none", "cheeksProbability": 0}
    for part in ("body", "top", "pattern", "eyes", "mouth"):
        options[f"{part}Probability"] = 0 if style_name[part] is None else 100
        if style_name[part] is not None:
            options[f"{part}Variant"] = [style_name[part]]
    accent = style_name["accent"] or next(c for c in COLOURS.values() if c != style_name["colour"])  # drawn nowhere
    colours = {"body": style_name["colour"], "accent": accent, "background": style_name["background"]}
    return options | {f"{part}Color": [colour] for part, colour in colours.items()}


def _with_article(words: str) -> str:
    return f"{'an' if words[0] in 'aeiou' else 'a'} {words}"


@cache
def _style() -> Style:
    """Reading it takes a second."""
    from dicebear import Style

    return Style(json.loads(_style_file().read_text(encoding="utf-8")))


def _style_file() -> Path:
    spec = importlib.util.find_spec("dicebear_styles")
    if spec is None or not spec.submodule_search_locations:
        raise ModuleNotFoundError(name="dicebear_styles")
    return Path(spec.submodule_search_locations[0]) / "critters.json"


def _not_installed() -> DataUnavailableError:
    return DataUnavailableError("dataset=critters needs the extra composed: uv pip install 'genlab[composed]'")
