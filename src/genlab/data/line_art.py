"""Line art and the picture that it is of: OpenMoji's drawings, as lines and in colour."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from genlab.data.catalog import cache_folder, entry_named
from genlab.data.fetch import files_of
from genlab.data.openmoji import drawings, rendered
from genlab.data.prepared import About, Write, prepared
from genlab.data.resize import check_channels, resize
from genlab.data.source import Images
from genlab.picture_size import Size, height_and_width
from genlab.progress import progress

_FLAGS = ("country-flag", "subdivision-flag")
"""Their lines are an empty rectangle; what has the same is left out with them."""
_VERSION = 1
"""Raised when the same files give other pictures or captions."""


@dataclass(frozen=True)
class LineArt:
    """Drawings on white with their lines as second pictures, pixel by pixel; captions are OpenMoji's names.

    What has no lines of its own, such as most flags, is left out. Drawings with the same lines, such as an emoji and
    its skin tones or hearts of all colours, fall into one split.

    Args:
        data_dir: where they are fetched to.
        skin_tones: with the skin-tone variants, or without.
    """

    data_dir: str | Path
    skin_tones: bool = True

    name = "line_art"
    has_captions = True
    has_others = True

    def identity(self) -> str:
        return f"{entry_named('openmoji').identity}-{_VERSION}" + ("" if self.skin_tones else "-base")

    def load(self, channels: int, size: Size) -> Images:
        """The pictures.

        Raises:
            DataUnavailableError: they cannot be fetched, or the extra `composed`, which draws them, is missing.
        """
        check_channels(channels)
        kind = "tones" if self.skin_tones else "base"
        cache = cache_folder(Path(self.data_dir).expanduser() / self.name / kind, self.identity(), channels, size)
        return prepared(cache, (channels, *height_and_width(size)), lambda write: self._prepare(write, channels, size))

    def _prepare(self, write: Write, channels: int, size: Size) -> About:
        files = files_of("openmoji", Path(self.data_dir).expanduser())
        known = [each for each in drawings(files) if self.skin_tones or each.base == each.file]
        keys, lines, empty = [], [], set()
        with progress(f"drawing {self.name}", 2 * len(known), "images") as advance:
            for drawing in known:
                black = rendered(files / "black" / drawing.file)
                keys.append(hashlib.sha256(black.tobytes()).hexdigest())
                lines.append(resize(black[None], channels, size, "scale", ground=255))
                if drawing.subgroup in _FLAGS or black.min() == 255:
                    empty.add(keys[-1])
                advance(1)
            kept = [i for i, key in enumerate(keys) if key not in empty]
            advance(len(known) - len(kept))
            for i in kept:
                write(resize(rendered(files / "color" / known[i].file)[None], channels, size, "scale", ground=255))
                advance(1)
        names, drawn = sorted({known[i].group for i in kept}), sorted({keys[i] for i in kept})
        return About(
            np.array([names.index(known[i].group) for i in kept]), names,
            groups=np.array([drawn.index(keys[i]) for i in kept]),
            captions=[[known[i].annotation] for i in kept], others=np.concatenate([lines[i] for i in kept]),
        )  # fmt: skip
