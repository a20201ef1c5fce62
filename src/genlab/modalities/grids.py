"""Pictures of pictures: grids of samples, originals above reconstructions, a row of samples for each class."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from genlab.atomic import replacing

if TYPE_CHECKING:
    from torch import Tensor

Pixels = NDArray[np.uint8]
"""(height, width, 3)."""

TILE = 56
"""Pixels that the longer side of a small picture is enlarged to, about: a digit of 8 x 8 becomes 56 x 56."""

_BORDER = 224
"""Grey of the border between pictures: pictures on black and on white grounds both end somewhere."""
_PAPER, _INK, _FONT_SIZE = 255, 40, 13


def grid(
    images: Tensor | Pixels,
    columns: int | None = None,
    scale: int | None = None,
    pad: int = 2,
    row_labels: Sequence[str] = (),
    column_labels: Sequence[str] = (),
) -> Pixels:
    """Pictures side by side, each enlarged by an integer factor without smoothing, in reading order.

    Args:
        images: uint8 (n, channel, height, width) with 1 or 3 channels, as of `data.pixels.to_uint8`.
        columns: pictures in a row; about square when None.
        scale: how many times each picture is enlarged; None makes small ones about 56 pixels large.
        pad: width of the border in pixels.
        row_labels: text left of each row; none, or one a row.
        column_labels: text above each column; none, or one a column.

    Returns:
        uint8 (height, width, 3).
    """
    tiles = _rgb(images)
    n, height, width = tiles.shape[:3]
    columns = columns or max(1, round(n**0.5 * (height / width) ** 0.5))
    if columns < 1 or (scale is not None and scale < 1):
        raise ValueError(f"a grid has 1 column or more and scale 1 or more, not {columns} and {scale}")
    rows = -(-n // columns)
    for labels, count, what in ((row_labels, rows, "row"), (column_labels, columns, "column")):
        if labels and len(labels) != count:
            raise ValueError(f"a grid of {count} {what}s takes {count} {what} labels, not {len(labels)}")
    scale = scale or max(1, round(TILE / max(height, width)))
    tiles = tiles.repeat(scale, axis=1).repeat(scale, axis=2)
    cell_h, cell_w = height * scale + pad, width * scale + pad
    canvas = np.full((rows * cell_h + pad, columns * cell_w + pad, 3), _BORDER, np.uint8)
    for i, tile in enumerate(tiles):
        top, left = i // columns * cell_h + pad, i % columns * cell_w + pad
        canvas[top : top + height * scale, left : left + width * scale] = tile
    for i in range(n, rows * columns):  # the end of the last row is paper, not a picture
        canvas[(rows - 1) * cell_h + pad :, i % columns * cell_w + pad :] = _PAPER
    if row_labels or column_labels:
        canvas = _labelled(canvas, row_labels, column_labels, cell_h, cell_w, pad)
    return canvas


def class_grid(
    images: Tensor | Pixels,
    labels: Sequence[int] | Tensor,
    names: Sequence[str] = (),
    per_class: int = 8,
    scale: int | None = None,
) -> Pixels:
    """A row for each class, in order, with its first `per_class` pictures: ten digits by eight.

    Args:
        images: uint8 (n, channel, height, width).
        labels: (n,), the class of each picture.
        names: what classes are called; their numbers by default.
    """
    tiles, classes = _rgb(images), np.asarray(labels)
    if len(tiles) != len(classes):
        raise ValueError(f"a class grid takes one label a picture, not {len(classes)} for {len(tiles)}")
    present = sorted({int(label) for label in classes})
    if names and present[-1] >= len(names):
        raise ValueError(f"a class grid has names for classes 0 to {len(names) - 1}, and a picture of {present[-1]}")
    chosen = np.full((len(present) * per_class, *tiles.shape[1:]), _PAPER, np.uint8)
    for row, label in enumerate(present):
        members = tiles[classes == label][:per_class]
        chosen[row * per_class : row * per_class + len(members)] = members
    texts = [names[label] if names else str(label) for label in present]
    return grid(chosen.transpose(0, 3, 1, 2), per_class, scale, row_labels=texts)


def pairs(
    originals: Tensor | Pixels,
    reconstructions: Tensor | Pixels,
    columns: int = 8,
    scale: int | None = None,
    labels: tuple[str, str] = ("data", "model"),
) -> Pixels:
    """Originals above their reconstructions, `columns` pairs in each double row.

    Args:
        originals, reconstructions: uint8 (n, channel, height, width), the same shape.
        labels: what the two rows are called.
    """
    above, below = _rgb(originals), _rgb(reconstructions)
    if above.shape != below.shape:
        raise ValueError(f"pairs are of one shape, not {above.shape} above {below.shape}")
    columns = min(columns, len(above))
    bands = -(-len(above) // columns)
    rows = np.full((bands, 2, columns, *above.shape[1:]), _PAPER, np.uint8)
    for i in range(len(above)):
        rows[i // columns, 0, i % columns] = above[i]
        rows[i // columns, 1, i % columns] = below[i]
    flat = rows.reshape(-1, *above.shape[1:]).transpose(0, 3, 1, 2)
    return grid(flat, columns, scale, row_labels=list(labels) * bands)


def save_png(path: str | Path, pixels: Pixels) -> None:
    """Write a picture (height, width, 3) or (height, width), compressed; nobody ever sees half of the file."""
    with replacing(Path(path)) as file:
        file.write(png_bytes(pixels))


def png_bytes(pixels: Pixels) -> bytes:
    """A picture as the bytes of a PNG file, with one channel when it is grey."""
    from PIL import Image

    image = Image.fromarray(np.ascontiguousarray(pixels))
    if pixels.ndim == 3 and (pixels[..., :1] == pixels).all():
        image = image.convert("L")
    buffer = io.BytesIO()
    image.save(buffer, format="PNG", optimize=True)
    return buffer.getvalue()


def _rgb(images: Any) -> Pixels:
    """uint8 (n, channel, height, width), a tensor or an array -> uint8 (n, height, width, 3)."""
    array = images.detach().cpu().numpy() if hasattr(images, "detach") else np.asarray(images)
    if array.dtype != np.uint8 or array.ndim != 4 or array.shape[1] not in (1, 3) or not len(array):
        raise ValueError(
            f"pictures are uint8 (n, 1 or 3, height, width) with n of 1 or more, not {array.dtype} {array.shape}"
        )
    return np.broadcast_to(array.transpose(0, 2, 3, 1), (*array.shape[:1], *array.shape[2:], 3))


def _labelled(
    canvas: Pixels, rows: Sequence[str], columns: Sequence[str], cell_h: int, cell_w: int, pad: int
) -> Pixels:
    """`canvas` with a margin on the left and above, where the texts stand."""
    from PIL import Image, ImageDraw, ImageFont

    font = ImageFont.load_default(_FONT_SIZE)
    left = max((int(font.getlength(text)) + 12 for text in rows), default=0)
    top = _FONT_SIZE + 10 if columns else 0
    page = Image.new("RGB", (canvas.shape[1] + left, canvas.shape[0] + top), (_PAPER,) * 3)
    page.paste(Image.fromarray(canvas), (left, top))
    draw, ink = ImageDraw.Draw(page), (_INK,) * 3
    for i, text in enumerate(rows):
        draw.text((left - 6, top + pad + i * cell_h + cell_h // 2), text, ink, font, anchor="rm")
    for i, text in enumerate(columns):
        draw.text((left + pad + i * cell_w + cell_w // 2, top // 2), text, ink, font, anchor="mm")
    return np.asarray(page)
