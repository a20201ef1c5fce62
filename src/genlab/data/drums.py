"""Drums: one-shots of the drum kits of Hydrogen, in six classes. https://hydrogen-music.org"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple
from xml.etree import ElementTree

import numpy as np

from genlab.data.catalog import entry_named
from genlab.data.fetch import files_of
from genlab.data.prepared import About, Write, prepared
from genlab.data.sound import Normalize, Piece, convert
from genlab.data.source import Sounds

CLASSES = {
    "cymbal": r"crash|ride|cymbal|china|splash|paiste bell",
    "hihat": r"\bhats?\b|hi-?hat|o?hh\b",
    "kick": r"kick|bass ?drum",
    "snare": r"snare|rim click|side stick",
    "tom": r"\btom",
    "percussion": r"clap|snap|cowbell|agogo|tambourine|bongo|conga|clave|maraca|woodblock|waterglass|cajon|djembe|"
    r"dununba|kenkeni|sangban|whistle",
}
"""Class -> what the name of an instrument that is one holds, in lower case; the first that fits is taken."""

NAMES = ("kick", "snare", "hihat", "tom", "cymbal", "percussion")
"""The classes in the order of their labels."""

_CONVERSION = 1
"""Raised when converting the same files gives other sounds."""


class Drum(NamedTuple):
    """A file of a kit."""

    file: str
    """Relative to the folder of the kits."""
    kit: str
    instrument: str
    """As the kit names it, such as "Snare Rock"."""


@dataclass(frozen=True)
class Drums:
    """Kicks, snares, hi-hats, toms, cymbals and percussion of 14 kits, labelled by the names of their instruments.

    An instrument has up to eight layers, the same drum hit harder; all of one instrument of one kit fall into one
    split. Loops, and instruments whose name says nothing of their class, are left out.

    Args:
        data_dir: where they are fetched to.
        normalize: "peak" brings each sound to full scale; None leaves it as loud as it was recorded.
        folder: a folder of the user's own with drumkits/KIT/drumkit.xml; tried first.
    """

    data_dir: str | Path
    normalize: Normalize | None = "peak"
    folder: str | Path | None = None

    name = "drums"

    def identity(self) -> str:
        return hashlib.sha256(f"{entry_named(self.name).identity} {self.normalize}".encode()).hexdigest()

    def load(self, rate: int, samples: int) -> Sounds:
        home = Path(self.data_dir).expanduser() / self.name
        cache = home / f"{samples}at{rate}-{self.identity()[:12]}-{_CONVERSION}"
        images = prepared(cache, (1, samples), lambda write: self._prepare(write, rate, samples), np.int16)
        return Sounds(images.pixels, images.labels, images.class_names, 0, images.groups)

    def _prepare(self, write: Write, rate: int, samples: int) -> About:
        own = None if self.folder is None else Path(self.folder).expanduser()
        kits = files_of(self.name, Path(self.data_dir).expanduser(), own) / "drumkits"
        pieces = pieces_of(drums_of(kits))
        about, _ = convert(kits, pieces, rate, samples, "start", self.normalize, write, "converting drums")
        return replace(about, class_names=NAMES)


def drums_of(kits: Path) -> Iterator[Drum]:
    """The files that the kits in a folder name as those of an instrument and have, each once, in order."""
    seen = set()
    for path in sorted(kits.glob("*/drumkit.xml")):
        for instrument in _below(ElementTree.parse(path).getroot(), "instrument"):
            name = next(_below(instrument, "name")).text or ""
            for file in _below(instrument, "filename"):
                drum = Drum(f"{path.parent.name}/{file.text}", path.parent.name, name)
                if drum.file not in seen and (kits / drum.file).is_file():
                    seen.add(drum.file)
                    yield drum


def pieces_of(drums: Iterator[Drum]) -> list[Piece]:
    """Those whose instrument is of a class, with its label; a kit's instrument is a group."""
    found, groups = [], dict[tuple[str, str], int]()
    for drum in drums:
        if (name := class_of(drum.instrument)) is not None:
            group = groups.setdefault((drum.kit, drum.instrument), len(groups))
            found.append(Piece(drum.file, NAMES.index(name), group))
    return found


def class_of(instrument: str) -> str | None:
    """The class of an instrument by its name; None where the name does not say."""
    return next((name for name, words in CLASSES.items() if re.search(words, instrument.lower())), None)


def _below(element: ElementTree.Element, tag: str) -> Iterator[ElementTree.Element]:
    """The elements of a tag, in whatever namespace."""
    return (each for each in element.iter() if each.tag.rpartition("}")[2] == tag)
