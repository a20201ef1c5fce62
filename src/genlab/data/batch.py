"""What a data module hands to a family."""

from __future__ import annotations

from typing import NamedTuple

from torch import Tensor


class Batch(NamedTuple):
    """A batch of data: a tuple, so that Lightning moves it between devices by itself."""

    x: Tensor
    """(batch, channel, height, width) in [-1, 1] for images; (batch, features) for points."""

    label: Tensor | None = None
    """(batch,) int64 class labels, where the data has them."""

    caption: list[str] | None = None
    """(batch) texts that say what `x` shows, where the data has them."""

    other: Tensor | None = None
    """(batch, channel, height, width) in [-1, 1]: a second picture of the same place, such as the line art of `x` or
    what it was before an edit, where the data has them. It is mirrored with `x`. Of two domains that nothing pairs: a
    picture of the other domain, in an order of its own."""

    weight: Tensor | None = None
    """(batch, 1, height, width): what the error at each pixel counts in a loss, where training weighs regions of
    pictures. It is mirrored with `x`."""
