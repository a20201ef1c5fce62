"""Pictures of every kind become squares of uint8."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from genlab.data.picture import to_size


def reopened(picture: Image.Image, kind: str, **options: object) -> Image.Image:
    """As read from a file."""
    file = io.BytesIO()
    picture.save(file, kind, **options)
    return Image.open(io.BytesIO(file.getvalue()))


def halves(width: int, height: int) -> Image.Image:
    """Red on the left, blue on the right."""
    array = np.zeros((height, width, 3), np.uint8)
    array[:, : width // 2, 0] = array[:, width // 2 :, 2] = 255
    return Image.fromarray(array)


def test_cropping_takes_the_central_square() -> None:
    wide = np.zeros((20, 60, 3), np.uint8)
    wide[:, 20:40] = (10, 200, 30)
    assert (to_size(Image.fromarray(wide), 3, 20, "crop") == np.array([10, 200, 30]).reshape(3, 1, 1)).all()


def test_padding_keeps_all_of_it_between_white_borders() -> None:
    square = to_size(halves(40, 20), 3, 40, "pad")
    assert (square[:, :9] == 255).all()
    assert (square[:, -9:] == 255).all()
    assert square[:, 20, 5].tolist() == [255, 0, 0]
    assert square[:, 20, 35].tolist() == [0, 0, 255]


def test_a_photograph_is_turned_upright() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was turned: rotate by 270 degrees to show
    photo = reopened(halves(64, 64), "JPEG", quality=100, subsampling=0, exif=exif)
    square = to_size(photo, 3, 64, "crop").astype(int)
    assert square[0, :24].mean() > 240  # red is now above
    assert square[2, 40:].mean() > 240


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P", "PA"])
def test_transparency_becomes_white(mode: str) -> None:
    clear = Image.new("RGBA", (8, 8), (0, 0, 0, 0))
    picture = reopened(clear.convert("P"), "PNG", transparency=0) if mode == "P" else clear.convert(mode)
    assert (to_size(picture, 3, 8, "crop") == 255).all()


def test_half_transparent_black_is_grey_on_white() -> None:
    assert abs(int(to_size(Image.new("RGBA", (8, 8), (0, 0, 0, 128)), 1, 8, "crop")[0, 4, 4]) - 127) <= 1


def test_sixteen_bits_are_scaled_not_cut_off() -> None:
    deep = reopened(Image.fromarray(np.full((8, 8), 32768, np.uint16)), "PNG")
    assert deep.mode.startswith("I")
    assert (to_size(deep, 1, 8, "crop") == 128).all()


@pytest.mark.parametrize("mode", ["1", "L", "RGB", "CMYK", "YCbCr", "HSV", "F"])
@pytest.mark.parametrize("channels", [1, 3])
def test_every_mode_gives_uint8_of_the_asked_shape(mode: str, channels: int) -> None:
    square = to_size(halves(30, 50).convert(mode), channels, 16, "crop")
    assert square.shape == (channels, 16, 16)
    assert square.dtype == np.uint8


def test_shrinking_is_antialiased() -> None:
    stripes = np.zeros((64, 64), np.uint8)
    stripes[:, ::2] = 255
    assert np.abs(to_size(Image.fromarray(stripes), 1, 8, "crop")[..., 2:6].astype(int) - 127).max() < 16


@pytest.mark.parametrize("size", [(20, 40), (40, 20), (7, 5)])
def test_a_rectangle_is_filled_without_distortion(size: tuple[int, int]) -> None:
    """A circle stays a circle: as wide as it is high."""
    y, x = np.mgrid[-50:50, -80:80]
    disc = Image.fromarray((x**2 + y**2 < 20**2).astype(np.uint8) * 255)
    for framing in ("crop", "pad"):
        framed = to_size(disc, 1, size, framing)  # type: ignore[arg-type]
        assert framed.shape == (1, *size)
        white = framed[0] > 127
        middle = white[size[0] // 2].sum(), white[:, size[1] // 2].sum()
        if framing == "crop":
            assert abs(int(middle[0]) - int(middle[1])) <= 1


def test_a_photograph_on_its_side_is_decoded_with_enough_pixels() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    stripes = np.zeros((64, 512), np.uint8)
    stripes[:, ::8] = 255
    photo = reopened(Image.fromarray(stripes), "JPEG", quality=100, exif=exif)
    framed = to_size(photo, 1, (256, 32), "crop").astype(int)  # upright: 512 high and 64 wide
    assert framed.shape == (1, 256, 32)
    assert np.ptp(framed[0].mean(1)) > 40  # the stripes, 8 pixels apart, are still there
