"""Any picture a person has, as uint8 of a size."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from genlab.data.dynamic_range import Range, alone, is_negative
from genlab.picture_size import height_and_width

if TYPE_CHECKING:
    from PIL import Image as Pillow


def to_size(
    picture: Pillow.Image, channels: int, size: int | Sequence[int], framing: Literal["crop", "pad"],
    range_of: Callable[[Pillow.Image], Range | None] = alone,
) -> NDArray[np.uint8]:  # fmt: skip
    """(channels, height, width): the central part of these proportions ("crop"), or all between white borders ("pad").

    Turned upright as its EXIF data says, transparency on white, scaled with antialiasing.

    Args:
        picture: opened, not loaded.
        channels: 1 or 3.
        size: of the result.
        framing: "crop" or "pad".
        range_of: picture -> the values that are black and white where there are more than 8 bits (`DynamicRange`).

    Raises:
        OSError, SyntaxError, ValueError: the file turns out to be damaged, or is too large to be harmless.
        UnclearRange: it is not certain which of its values are black and white.
    """
    from PIL import Image, ImageOps

    mode = "L" if channels == 1 else "RGB"
    height, width = height_and_width(size)
    if picture.format == "JPEG":
        # Decodes fewer pixels where many are not needed. The picture may turn out to lie on its side.
        picture.draft(mode, (2 * max(height, width), 2 * max(height, width)))
    levels, negative = range_of(picture), is_negative(picture)
    picture = ImageOps.exif_transpose(picture)
    picture = (_opaque(picture) if levels is None else _eight_bits(picture, levels, negative)).convert(mode)
    if framing == "crop":
        framed = ImageOps.fit(picture, (width, height), Image.Resampling.BICUBIC)
    else:
        framed = ImageOps.pad(picture, (width, height), Image.Resampling.BICUBIC, color="white")
    return np.asarray(framed).reshape(height, width, channels).transpose(2, 0, 1)


def _eight_bits(picture: Pillow.Image, levels: Range, negative: bool) -> Pillow.Image:
    """Grey of 8 bits from whole numbers or floats; Pillow would cut them off at 255."""
    from PIL import Image

    black, white = levels
    values = np.asarray(picture, np.float64)
    if not np.isfinite(values).all():
        raise ValueError("has values that are no numbers")
    grey = np.rint((values - black) * (255 / (white - black))).clip(0, 255)
    if negative:
        grey = 255 - grey
    if (clear := picture.info.get("transparency")) is not None:
        grey[values == clear] = 255
    return Image.fromarray(grey.astype(np.uint8))


def _opaque(picture: Pillow.Image) -> Pillow.Image:
    """Without transparency."""
    from PIL import Image

    if "A" not in picture.getbands() and "transparency" not in picture.info:
        return picture
    colour = picture.convert("RGBA")
    return Image.alpha_composite(Image.new("RGBA", colour.size, "white"), colour)
