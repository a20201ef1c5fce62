"""Any folder of pictures: what is read, what is passed over, and what a user is told."""

from __future__ import annotations

import os
import time
import warnings
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from genlab.data.folder import ImageFolder


def picture(path: Path, shade: int = 0, size: tuple[int, int] = (12, 8)) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size, (shade, shade, shade)).save(path)
    return path


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """cats: 10, 20, 30; dogs: 40, 50 (one of them deeper)."""
    root = tmp_path / "pets"
    for name, shade in (("cats/a.png", 10), ("cats/b.bmp", 20), ("cats/c.webp", 30)):
        picture(root / name, shade)
    picture(root / "dogs/a.PNG", 40)
    picture(root / "dogs/big/a.tiff", 50)
    return root


def shades(source: ImageFolder) -> list[int]:
    return source.load(1, 4).pixels[:, 0, 2, 2].tolist()


def test_pictures_come_in_the_order_of_their_names_and_are_labelled_by_folder(pictures: Path, tmp_path: Path) -> None:
    source = ImageFolder(pictures, tmp_path / "data")
    images = source.load(1, 4)
    assert np.abs(images.pixels[:, 0, 2, 2].astype(int) - [10, 20, 30, 40, 50]).max() <= 1  # WebP loses a little
    assert images.labels is not None
    assert images.labels.tolist() == [0, 0, 0, 1, 1]
    assert list(images.class_names or []) == ["cats", "dogs"]
    assert source.name == "pets"


def test_pictures_outside_any_class_leave_the_set_without_labels(pictures: Path, tmp_path: Path) -> None:
    picture(pictures / "stray.png")
    images = ImageFolder(pictures, tmp_path / "data").load(3, 4)
    assert images.labels is None
    assert images.class_names is None


def test_files_that_are_no_pictures_are_passed_over(pictures: Path, tmp_path: Path) -> None:
    (pictures / "notes.txt").write_text("hello")
    (pictures / ".hidden.png").write_bytes(b"hidden")
    picture(pictures / ".thumbnails/a.png")
    picture(pictures / "__MACOSX/a.png")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert len(shades(ImageFolder(pictures, tmp_path / "data"))) == 5


def test_unreadable_pictures_are_left_out_and_reported_every_time(pictures: Path, tmp_path: Path) -> None:
    (pictures / "cats" / "broken.png").write_bytes(b"this is no picture")
    half = picture(pictures / "dogs" / "cut.png", size=(200, 200))
    half.write_bytes(half.read_bytes()[:60])
    for _ in range(2):
        with pytest.warns(
            UserWarning, match=r"2 of the 7 pictures in .* cannot be read .*cats/broken.png \(no picture\)"
        ):
            images = ImageFolder(pictures, tmp_path / "data").load(1, 4)
        assert images.labels is not None
        assert images.labels.tolist() == [0, 0, 0, 1, 1]


def test_a_conversion_happens_once(pictures: Path, tmp_path: Path) -> None:
    first = shades(ImageFolder(pictures, tmp_path / "data"))
    converted = next((tmp_path / "data" / "image_folder").glob("*/pixels.bin")).stat().st_mtime_ns
    assert shades(ImageFolder(pictures, tmp_path / "data")) == first
    assert next((tmp_path / "data" / "image_folder").glob("*/pixels.bin")).stat().st_mtime_ns == converted


def test_the_identity_follows_the_contents_and_the_names(pictures: Path, tmp_path: Path) -> None:
    def identity() -> str:
        return ImageFolder(pictures, tmp_path / "data").identity()

    before = identity()
    os.utime(pictures / "cats" / "a.png")  # touched, not changed
    assert identity() == before
    time.sleep(0.01)
    picture(pictures / "cats" / "a.png", 11)
    changed = identity()
    assert changed != before
    (pictures / "cats" / "a.png").rename(pictures / "cats" / "z.png")
    assert identity() not in (before, changed)


def test_a_changed_folder_is_converted_again(pictures: Path, tmp_path: Path) -> None:
    source = ImageFolder(pictures, tmp_path / "data")
    assert len(shades(source)) == 5
    picture(pictures / "dogs" / "z.png", 99)
    assert shades(ImageFolder(pictures, tmp_path / "data"))[-1] == 99


def test_framing_belongs_to_the_identity(pictures: Path, tmp_path: Path) -> None:
    crop, pad = (ImageFolder(pictures, tmp_path / "data", framing) for framing in ("crop", "pad"))  # type: ignore[arg-type]
    assert crop.identity() != pad.identity()
    assert (pad.load(1, 12).pixels[0, 0, 0] == 255).all()  # a wide picture has white above
    assert (crop.load(1, 12).pixels[0, 0, 0] == 10).all()


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda root: None, "is no folder"),
        (lambda root: root.mkdir(), "is empty"),
        (lambda root: (root / "notes.txt").write_text("x") if root.mkdir() is None else None, "1 files but no picture"),
        (lambda root: (picture(root / "train/a.png"), picture(root / "test/a.png")), "holds test, train: name one"),
    ],
)
def test_a_folder_of_no_use_is_explained_in_one_sentence(make: object, message: str, tmp_path: Path) -> None:
    root = tmp_path / "root"
    make(root)  # type: ignore[operator]
    with pytest.raises(ValueError, match=message) as caught:
        ImageFolder(root, tmp_path / "data").load(3, 8)
    assert str(root) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_nothing_but_unreadable_pictures_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "root").mkdir()
    (tmp_path / "root" / "a.png").write_bytes(b"no")
    with pytest.raises(ValueError, match="none of its 1 pictures can be read"):
        ImageFolder(tmp_path / "root", tmp_path / "data").load(3, 8)
