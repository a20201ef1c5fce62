"""Which values of a picture are black and white, where more than 8 bits a value leave it open.

A file of 16 bits holds 8, 12 or 16 of them; floats reach from 0 to 1, to 255 or to anything. A wrong guess makes black
pictures: the range is taken from the file's own words, or from all pictures of a set where they leave no doubt, and is
asked for otherwise.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Literal

import numpy as np

from genlab.errors import ConfigError

if TYPE_CHECKING:
    from PIL import Image as Pillow

Range = tuple[float, float]
"""The values that are black and white."""

Kind = Literal["whole numbers", "floats", "upper bytes"]
"""Of a picture's values: the last are those of 16 bits a channel in colour, of which Pillow reads the upper 8."""

_FULL: dict[Kind, tuple[float, ...]] = {"whole numbers": (65535,), "floats": (1, 255), "upper bytes": (255,)}
_DEPTHS = tuple(2.0**bits - 1 for bits in range(8, 17))
_BITS, _PHOTOMETRIC, _MAX = 258, 262, (281, 341)  # tags of TIFF


class UnclearRange(ConfigError):
    """It is not certain which values of pictures are black and white."""


@dataclass
class Extremes:
    """The values that the pictures of one kind have."""

    low: float
    high: float
    n: int

    def full(self, kind: Kind) -> Range | None:
        """The range that they must be of: the one whose upper quarter they reach; None where there is none."""
        whites = [white for white in _FULL[kind] if white / 4 <= self.high <= white]
        return (0.0, whites[0]) if whites and self.low >= 0 else None


class DynamicRange:
    """The range of each picture of a set.

    Args:
        pictures: gives all pictures of the set; called when one is met whose file does not say its range.
        given: the range of all pictures of more than 8 bits, where a person has said it.
        where: what to call the set in a message.
    """

    def __init__(self, pictures: Callable[[], Iterable[Pillow.Image]], given: Range | None, where: str) -> None:
        self._pictures, self._given, self._where = pictures, given, where

    def __call__(self, picture: Pillow.Image) -> Range | None:
        """The range of `picture`, which has not been loaded yet; None for 8 bits a channel, which are 0 to 255.

        Raises:
            UnclearRange: it must be given.
            ValueError: the picture holds infinite values, or none that are numbers.
        """
        kind = kind_of(picture)
        if kind is None:
            return None
        if kind != "upper bytes" and (stated := self._given or declared(picture)):
            return stated
        if (values := self._values.get(kind)) is None:
            raise ValueError("has values that are no numbers")
        full = values.full(kind)
        if full is None:
            raise UnclearRange(f"{self._where}: {_what_is_unclear(kind, values)}")
        return None if kind == "upper bytes" else full

    @cached_property
    def _values(self) -> dict[Kind, Extremes]:
        """The values of all pictures whose files declare no range, by kind."""
        values: dict[Kind, Extremes] = {}
        for picture in self._pictures():
            kind = kind_of(picture)
            if kind is None or (kind != "upper bytes" and declared(picture) is not None):
                continue
            try:
                low, high = _extremes(picture)
            except (OSError, SyntaxError, ValueError):  # it will be left out when it is converted
                continue
            before = values.setdefault(kind, Extremes(low, high, 0))
            values[kind] = Extremes(min(low, before.low), max(high, before.high), before.n + 1)
        return values


def _what_is_unclear(kind: Kind, values: Extremes) -> str:
    if kind == "upper bytes":
        return (
            f"{values.n} colour pictures of 16 bits a channel reach {values.high:g} of 255 in their upper 8 bits: they "
            "seem to hold fewer; save them with 8 bits a channel"
        )
    low, high, black, white = map(_number, (values.low, values.high, *_likely(values)))
    return (
        f"{values.n} pictures of {kind} have values from {low} to {high}, and their files do not say "
        f"which are black and white: give dataset.source.range=[BLACK,WHITE], such as [{black},{white}]"
    )


def _number(value: float) -> str:
    return str(int(value)) if value == int(value) else f"{value:g}"


def checked_range(given: Sequence[float] | None) -> Range | None:
    """`given` as a range; raises ConfigError unless it is None or two different numbers."""
    if given is None:
        return None
    numbers = [n for n in given if isinstance(n, int | float) and not isinstance(n, bool) and math.isfinite(n)]
    if isinstance(given, str) or len(given) != 2 or len(set(numbers)) != 2:
        shown = given if isinstance(given, str) else list(given)
        raise ConfigError(f"dataset.source.range = {shown} must be two different numbers, [BLACK,WHITE]")
    return float(given[0]), float(given[1])


def kind_of(picture: Pillow.Image) -> Kind | None:
    """What its values are, before it is loaded; None for 8 bits a channel."""
    if picture.mode.startswith("I"):
        return "whole numbers"
    if picture.mode == "F":
        return "floats"
    tile = getattr(picture, "tile", ())  # how Pillow will decode it
    cut = picture.format in ("PNG", "TIFF") and any("16" in str(part[3]) for part in tile)
    return "upper bytes" if cut else None


def declared(picture: Pillow.Image) -> Range | None:
    """The range that the file of a picture of whole numbers or floats declares; None where it does not."""
    if picture.format in ("PPM", "JPEG2000") and picture.mode != "F":
        return 0.0, 65535.0  # Pillow scales them by the depth in their header
    tags = getattr(picture, "tag_v2", None)
    if tags is None:
        return None
    bits = np.ravel(tags.get(_BITS, 0))[0]
    if 8 < bits < 16:
        return 0.0, 2.0**bits - 1
    whites = [float(np.ravel(tags[tag])[0]) for tag in _MAX if tag in tags]
    # Many programs write the brightest value of a picture there; a full depth is what a scale can be.
    return (0.0, whites[0]) if whites and picture.mode != "F" and whites[0] in _DEPTHS else None


def is_negative(picture: Pillow.Image) -> bool:
    """Whether a picture of whole numbers or floats is a negative; Pillow turns those of 8 bits only."""
    tags = getattr(picture, "tag_v2", None)
    return tags is not None and tags.get(_PHOTOMETRIC) == 0


def alone(picture: Pillow.Image) -> Range | None:
    """The range of a picture that belongs to no set.

    Raises:
        UnclearRange: it must be saved with 8 bits.
    """
    try:
        return DynamicRange(lambda: [picture], None, "")(picture)
    except UnclearRange as error:
        text = "it is not certain which of its values are black and white: save it with 8 bits a channel"
        raise UnclearRange(text) from error


def _extremes(picture: Pillow.Image) -> Range:
    values = np.asarray(picture)
    if picture.mode in ("LA", "La", "RGBA", "RGBa"):
        values = values[..., :-1]  # without transparency
    low, high = float(values.min()), float(values.max())
    if not (math.isfinite(low) and math.isfinite(high)):
        raise ValueError("has values that are no numbers")
    return low, high


def _likely(values: Extremes) -> Range:
    """A range for a message to name: the next full depth, or what was found."""
    if values.low < 0:
        return (-1, 1) if values.low >= -1 and values.high <= 1 else (values.low, values.high)
    return 0, next((white for white in (1, *_DEPTHS[::2], 65535) if values.high <= white), values.high)
