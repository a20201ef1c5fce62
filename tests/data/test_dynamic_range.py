"""The same content is the same picture, whatever kind of file it is in; or a sentence asks for the range."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, TiffImagePlugin

from genlab.data.dynamic_range import UnclearRange, alone
from genlab.data.folder import ImageFolder
from genlab.errors import ConfigError

Grey = NDArray[np.uint8]
Write = Callable[[Path, Grey], None]
CONTENT = [np.linspace(low, high, 64).reshape(8, 8).astype(np.uint8) for low, high in ((0, 90), (20, 255), (5, 6))]
"""Three pictures; one of them is nearly black, so that only all of them together tell the range."""


def saved(name: str, change: Callable[[Grey], NDArray[np.generic]], **options: object) -> tuple[str, Write]:
    def write(path: Path, grey: Grey) -> None:
        Image.fromarray(change(grey)).save(path, **options)

    return name, write


def tagged(change: Callable[[Grey], NDArray[np.generic]], **tags: int) -> tuple[str, Write]:
    """A TIFF file with tags of its own."""
    numbers = {"white": 281, "photometric": 262}

    def write(path: Path, grey: Grey) -> None:
        info = TiffImagePlugin.ImageFileDirectory_v2()
        for tag, value in tags.items():
            info[numbers[tag]] = value
        Image.fromarray(change(grey)).save(path, tiffinfo=info)

    return "x.tif", write


def png_of_16_bits(colour_type: int, bits: int, extra: Callable[[Grey], bytes] = lambda grey: b"") -> tuple[str, Write]:
    """PNG files that Pillow reads and does not write."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    def write(path: Path, grey: Grey) -> None:
        values = grey.astype(np.uint16) * (257 if bits == 16 else 2 ** (bits - 8))
        alpha = np.full_like(values, 65535)
        planes = {0: [values], 2: [values] * 3, 4: [values, alpha], 6: [values] * 3 + [alpha]}[colour_type]
        rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in np.stack(planes, -1))
        head = chunk(b"IHDR", struct.pack(">IIBBBBB", *grey.shape[::-1], 16, colour_type, 0, 0, 0))
        body = chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
        path.write_bytes(b"\x89PNG\r\n\x1a\n" + head + extra(grey) + body)

    return "x.png", write


def pgm(depth: int) -> tuple[str, Write]:
    def write(path: Path, grey: Grey) -> None:
        values = np.rint(grey.astype(float) * depth / 255).astype(">u2")
        path.write_bytes(b"P5\n8 8\n%d\n" % depth + values.tobytes())

    return "x.pgm", write


def twelve(grey: Grey) -> NDArray[np.uint16]:
    return np.rint(grey.astype(float) * 4095 / 255).astype(np.uint16)


CERTAIN = {
    "8 bits": saved("x.png", lambda grey: grey),
    "16-bit PNG": saved("x.png", lambda grey: grey.astype(np.uint16) * 257),
    "16-bit TIFF": saved("x.tif", lambda grey: grey.astype(np.uint16) * 257),
    "big-endian 16-bit TIFF": saved("x.tif", lambda grey: (grey.astype(np.uint16) * 257).astype(">u2")),
    "32-bit whole numbers of 16 bits": saved("x.tif", lambda grey: grey.astype(np.int32) * 257),
    "floats in [0, 1]": saved("x.tif", lambda grey: (grey / 255).astype(np.float32)),
    "floats in [0, 255]": saved("x.tif", lambda grey: grey.astype(np.float32)),
    "12 bits in a TIFF that says so": tagged(twelve, white=4095),
    "12-bit PGM": pgm(4095),
    "16-bit PGM": pgm(65535),
    "a negative of 16 bits": tagged(lambda grey: (255 - grey.astype(np.uint16)) * 257, photometric=0),
    "16-bit RGB PNG": png_of_16_bits(2, 16),
    "16-bit grey PNG with transparency": png_of_16_bits(4, 16),
    "16-bit RGBA PNG": png_of_16_bits(6, 16),
}
UNCLEAR = {
    "12 bits in a 16-bit TIFF": (saved("x.tif", lambda grey: grey.astype(np.uint16) * 16), "0 to 4080", "[0,4095]"),
    "14 bits in a 16-bit PNG": (saved("x.png", lambda grey: grey.astype(np.uint16) * 64), "0 to 16320", "[0,16383]"),
    "8 bits in a 16-bit PNG": (saved("x.png", lambda grey: grey.astype(np.uint16)), "0 to 255", "[0,255]"),
    "8 bits in 32": (saved("x.tif", lambda grey: grey.astype(np.int32)), "0 to 255", "[0,255]"),
    "24 bits": (saved("x.tif", lambda grey: grey.astype(np.int32) * 65793), "0 to 16777215", "[0,16777215]"),
    "floats in [-1, 1]": (saved("x.tif", lambda grey: (grey / 127.5 - 1).astype(np.float32)), "-1 to 1", "[-1,1]"),
    "floats in [0, 65535]": (saved("x.tif", lambda grey: (grey * 257.0).astype(np.float32)), "0 to 65535", "[0,65535]"),
}


def folder(root: Path, kind: tuple[str, Write]) -> Path:
    name, write = kind
    root.mkdir(exist_ok=True)
    for i, grey in enumerate(CONTENT):
        write(root / f"{i}{name}", grey)
    return root


def pixels(source: ImageFolder) -> NDArray[np.int64]:
    return source.load(1, 8).pixels[:, 0].astype(np.int64)


@pytest.mark.parametrize("kind", CERTAIN)
def test_the_same_content_is_the_same_pictures(kind: str, tmp_path: Path) -> None:
    found = pixels(ImageFolder(folder(tmp_path / "root", CERTAIN[kind]), tmp_path / "data"))
    assert np.abs(found - np.stack(CONTENT)).max() <= (1 if "PGM" in kind or "12" in kind else 0)


@pytest.mark.parametrize("kind", UNCLEAR)
def test_what_is_not_certain_is_asked_for_and_then_the_same(kind: str, tmp_path: Path) -> None:
    files, values, guess = UNCLEAR[kind]
    root = folder(tmp_path / "root", files)
    with pytest.raises(UnclearRange) as caught:
        ImageFolder(root, tmp_path / "data").load(1, 8)
    (sentence,) = caught.value.problems
    assert f"3 pictures of {'floats' if 'floats' in kind else 'whole numbers'} have values from {values}" in sentence
    assert sentence.endswith(f"give dataset.source.range=[BLACK,WHITE], such as {guess}")
    given = [float(number) for number in guess.strip("[]").split(",")]
    found = pixels(ImageFolder(root, tmp_path / "data", range=given))
    assert np.abs(found - np.stack(CONTENT)).max() <= 1


def test_colour_of_16_bits_that_holds_fewer_is_refused(tmp_path: Path) -> None:
    root = folder(tmp_path / "root", png_of_16_bits(2, 12))
    with pytest.raises(UnclearRange, match="reach 15 of 255 in their upper 8 bits: they seem to hold fewer"):
        ImageFolder(root, tmp_path / "data").load(3, 8)


def test_the_transparent_grey_of_16_bits_is_white_as_that_of_8(tmp_path: Path) -> None:
    def transparent(grey: Grey) -> bytes:
        data = struct.pack(">H", 257 * int(grey[0, 0]))
        return struct.pack(">I", 2) + b"tRNS" + data + struct.pack(">I", zlib.crc32(b"tRNS" + data))

    found = pixels(ImageFolder(folder(tmp_path / "root", png_of_16_bits(0, 16, transparent)), tmp_path / "data"))
    expected = [np.where(grey == grey[0, 0], 255, grey) for grey in CONTENT]
    assert (found == np.stack(expected)).all()


def test_a_range_is_of_deep_pictures_and_leaves_those_of_8_bits(tmp_path: Path) -> None:
    root = folder(tmp_path / "root", UNCLEAR["12 bits in a 16-bit TIFF"][0])
    Image.fromarray(CONTENT[1]).save(root / "9.png")
    assert np.abs(pixels(ImageFolder(root, tmp_path / "data", range=[0, 4095]))[3] - CONTENT[1]).max() == 0


def test_a_range_is_decisive_where_it_is_given_and_only_there(tmp_path: Path) -> None:
    root = folder(tmp_path / "root", CERTAIN["16-bit TIFF"])
    sources = [ImageFolder(root, tmp_path / "data", range=given) for given in (None, [0, 65535], [0, 4095])]
    assert len({source.identity() for source in sources}) == 3
    assert sources[0].load(1, 8).pixels.max() == 255
    assert np.median(sources[2].load(1, 8).pixels[1]) == 255


def test_numbers_that_are_none_make_a_picture_unreadable(tmp_path: Path) -> None:
    root = folder(tmp_path / "root", CERTAIN["floats in [0, 1]"])
    Image.fromarray(np.full((8, 8), np.nan, np.float32)).save(root / "9.tif")
    with pytest.warns(UserWarning, match=r"1 of the 4 pictures .*9.tif \(has values that are no numbers\)"):
        assert (pixels(ImageFolder(root, tmp_path / "data")) == np.stack(CONTENT)).all()


def test_a_picture_of_its_own_is_read_or_refused_likewise(tmp_path: Path) -> None:
    certain = folder(tmp_path / "root", CERTAIN["floats in [0, 1]"]) / "1x.tif"
    with Image.open(certain) as picture:
        assert alone(picture) == (0, 1)
    unclear = folder(tmp_path / "deep", UNCLEAR["8 bits in 32"][0]) / "1x.tif"
    with Image.open(unclear) as picture, pytest.raises(UnclearRange, match="save it with 8 bits a channel"):
        alone(picture)


@pytest.mark.parametrize("given", [[5], [1, 1], [0, float("inf")], "abc", [False, True], [0, 1, 2]])
def test_a_range_of_another_shape_is_refused(given: object, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"dataset.source.range = .* must be two different numbers"):
        ImageFolder(tmp_path, tmp_path, range=given)  # type: ignore[arg-type]
