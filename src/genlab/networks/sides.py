"""What a network's way through its resolutions asks of height and width. Torch-free: configs are checked by it, too.

Each function takes the arguments of a network by their names; a network's class says which one is its own:
`division = between_levels`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from genlab.foreign_folder import found, read_json
from genlab.picture_size import height_and_width, worded

_MOST_HALVINGS = 30
"""More would need numbers that no picture has."""


class Division(NamedTuple):
    """How each side of a picture is divided."""

    multiple: int
    """Both sides must be multiples of it."""
    how: str
    """What the network does, in words: "halved 3 times"."""
    instead: str
    """What else can be done about it: "fewer levels"."""

    def refusal(self, size: int | Sequence[int], key: str = "size") -> str | None:
        """One sentence why pictures of `size` cannot be divided so; None where they can."""
        sides = height_and_width(size)
        if not any(side % self.multiple for side in sides):
            return None
        text = f"{key} = {worded(size)} cannot be {self.how} by the network"
        if self.multiple > 2**_MOST_HALVINGS:
            return text
        fitting = worded([max(1, round(side / self.multiple)) * self.multiple for side in sides])
        multiples = f"{'a multiple' if len(set(sides)) == 1 else 'multiples'} of {self.multiple}"
        return f"{text}: take {multiples}, such as {fitting}, or {self.instead}"

    def check(self, size: int | Sequence[int]) -> None:
        """Raises ValueError, one sentence, for pictures of a size that cannot be divided so."""
        if (text := self.refusal(size)) is not None:
            raise ValueError(text)

    def smallest(self, size: int | Sequence[int]) -> tuple[int, int]:
        """Height and width at the network's lowest resolution."""
        self.check(size)
        height, width = height_and_width(size)
        return height // self.multiple, width // self.multiple


def between_levels(block_out_channels: Sequence[int]) -> Division:
    """Each level but the last halves."""
    return _halved(len(block_out_channels) - 1)


def at_each_width(widths: Sequence[int]) -> Division:
    """Each level, which has a width, halves."""
    return _halved(len(widths))


def at_each_level(levels: int) -> Division:
    """Each of so many levels halves."""
    return _halved(levels)


def into_patches(patch: int) -> Division:
    """The picture is cut into squares."""
    return Division(patch, f"cut into patches of {patch}", "another patch")


def into_cells(factor: int) -> Division:
    """The picture is cut into squares, each of which becomes one number in every channel."""
    return Division(factor, f"cut into cells of {factor}", "another factor")


def in_a_folder(folder: str) -> Division:
    """Each level but the last halves, of those in a folder's config.json.

    Raises:
        ValueError: there is no such folder, or no config.
    """
    return between_levels(read_json(found(folder), "config.json").get("block_out_channels", []))


def _halved(n: int) -> Division:
    return Division(
        2 ** min(max(n, 0), _MOST_HALVINGS + 1), f"halved {n} {'time' if n == 1 else 'times'}", "fewer levels"
    )


def drawn_refusal(size: Sequence[int], factor: int, multiple: int) -> str | None:
    """One sentence why a model cannot draw pictures of `size`, height and width in pixels; None where it can.

    Args:
        factor: how many pixels a cell of the codec has along each side.
        multiple: what both sides of a map of such cells must be multiples of for the network.
    """
    step = factor * multiple
    if not any(side % step for side in size):
        return None
    height, width = size
    fitting = "x".join(str(max(1, round(side / step)) * step) for side in size)
    cells = f"a cell of the codec has {factor} pixels, and " if factor > 1 else ""
    return (
        f"size = {height}x{width} must be multiples of {step}, such as {fitting}: {cells}the network divides its "
        f"{'map' if factor > 1 else 'pictures'} by {multiple}"
    )
