"""Any picture a person has, as a square of uint8."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from PIL import Image as Pillow


def to_square(picture: Pillow.Image, channels: int, size: int, framing: Literal["crop", "pad"]) -> NDArray[np.uint8]:
    """(channels, size, size): the central square ("crop"), or all of it between white borders ("pad").

    Turned upright as its EXIF data says, transparency on white, scaled with antialiasing.

    Raises:
        OSError, SyntaxError, ValueError: the file turns out to be damaged, or is too large to be harmless.
    """
    from PIL import Image, ImageOps

    mode = "L" if channels == 1 else "RGB"
    if picture.format == "JPEG":
        picture.draft(mode, (2 * size, 2 * size))  # decodes fewer pixels where many are not needed
    picture = _opaque(ImageOps.exif_transpose(picture)).convert(mode)
    if framing == "crop":
        square = ImageOps.fit(picture, (size, size), Image.Resampling.BICUBIC)
    else:
        square = ImageOps.pad(picture, (size, size), Image.Resampling.BICUBIC, color="white")
    return np.asarray(square).reshape(size, size, channels).transpose(2, 0, 1)


def _opaque(picture: Pillow.Image) -> Pillow.Image:
    """Without transparency, and with 8 bits a channel."""
    from PIL import Image

    if picture.mode.startswith("I"):  # 16 bits a pixel; Pillow would cut them off at 255
        wide = np.asarray(picture, np.float64)
        return Image.fromarray(np.rint(wide * (255 / 65535)).clip(0, 255).astype(np.uint8))
    if "A" not in picture.getbands() and "transparency" not in picture.info:
        return picture
    colour = picture.convert("RGBA")
    return Image.alpha_composite(Image.new("RGBA", colour.size, "white"), colour)
