"""Films as files: GIF, or MP4 where a library for it is installed."""

from __future__ import annotations

import io
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

from genlab.atomic import replacing
from genlab.modalities.grids import Pixels

FORMATS = (".gif", ".mp4")


def write_film(path: Path, pictures: Sequence[Pixels], fps: float) -> Path:
    """Write frames (height, width, 3) of one size, `fps` a second (a GIF counts in hundredths of a second).

    Raises ValueError for another ending than .gif or .mp4, or without what writes MP4.
    """
    check_film(path)
    content = _gif(pictures, fps) if path.suffix == ".gif" else _mp4(pictures, fps)
    with replacing(path) as file:
        file.write(content)
    return path


def check_film(path: Path, key: str = "out") -> None:
    """Raise ValueError unless `write_film` can write this kind of file, which the key `key` asks for, here."""
    if path.suffix not in FORMATS:
        raise ValueError(f"{key} = {path}: a film ends in {' or '.join(FORMATS)}")
    if path.suffix == ".mp4":
        missing = [name for name in ("imageio", "imageio_ffmpeg") if find_spec(name) is None]
        if missing:
            instead = f"take {key}=FILE.gif" if key == "out" else f"take {key}=gif"
            raise ValueError(f"{key} = {path}: MP4 needs {missing[0]}; pip install 'genlab[film]', or {instead}")


def _gif(pictures: Sequence[Pixels], fps: float) -> bytes:
    from PIL import Image

    images = [Image.fromarray(picture) for picture in pictures]
    is_grey = all((picture[..., :1] == picture).all() for picture in pictures)
    images = [image.convert("L") if is_grey else image.quantize(255) for image in images]
    buffer = io.BytesIO()
    images[0].save(
        buffer, format="GIF", save_all=True, append_images=images[1:], duration=10 * max(2, round(100 / fps)), loop=0,
        optimize=True,
    )  # fmt: skip
    return buffer.getvalue()


def _mp4(pictures: Sequence[Pixels], fps: float) -> bytes:
    import imageio.v3 as imageio

    height, width = (side - side % 2 for side in pictures[0].shape[:2])  # the format has pixels in pairs
    even = [picture[:height, :width] for picture in pictures]
    return imageio.imwrite("<bytes>", even, extension=".mp4", fps=fps, codec="libx264", macro_block_size=2)
