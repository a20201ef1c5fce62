"""The classes of a folder's pictures: its folders, or a metadata.csv as image folders of the hub have it."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from genlab.data.folder import ImageFolder, count_classes
from genlab.data.image_datamodule import ImageDataModule


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for i, name in enumerate(("a/0.png", "a/1.png", "b/0.png", "b/1.png")):
        path = tmp_path / "root" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.full((8, 8), 40 * i, np.uint8)).save(path)
    return tmp_path / "root"


def table(root: Path, *rows: str, head: str = "file_name,label") -> None:
    (root / "metadata.csv").write_text("\n".join([head, *rows]))


ALL = ("a/0.png,cat", "a/1.png,dog", "b/0.png,cat", "b/1.png,dog")


def test_a_table_says_the_classes_and_belongs_to_the_identity(root: Path, tmp_path: Path) -> None:
    def identity() -> str:
        return ImageFolder(root, tmp_path / "data").identity()

    by_folder = identity()
    table(root, *ALL)
    images = ImageFolder(root, tmp_path / "data").load(1, 8)
    assert images.labels is not None
    assert images.labels.tolist() == [0, 1, 0, 1]
    assert list(images.class_names or []) == ["cat", "dog"]
    by_table = identity()
    assert by_table != by_folder
    table(root, *(f"./{row}" for row in reversed(ALL)))
    assert identity() == by_table
    table(root, *ALL[:-1], "b/1.png,cat")
    assert identity() not in (by_folder, by_table)


def test_numbers_in_a_table_are_in_their_order_and_folders_in_that_of_the_alphabet(root: Path, tmp_path: Path) -> None:
    table(root, "a/0.png,10", "a/1.png,9", "b/0.png,10", "b/1.png,9")
    assert list(ImageFolder(root, tmp_path / "data").load(1, 8).class_names or []) == ["9", "10"]
    (root / "metadata.csv").unlink()
    (root / "a").rename(root / "9")
    (root / "b").rename(root / "10")
    assert list(ImageFolder(root, tmp_path / "data").load(1, 8).class_names or []) == ["10", "9"]


def test_a_table_labels_pictures_that_lie_in_no_folder(root: Path, tmp_path: Path) -> None:
    for name in ("a/0.png", "a/1.png"):
        (root / name).rename(root / Path(name).name)
    table(root, "0.png,x", "1.png,y", "b/0.png,x", "b/1.png,y")
    images = ImageFolder(root, tmp_path / "data").load(1, 8)
    assert images.labels is not None
    assert images.labels.tolist() == [0, 1, 0, 1]


@pytest.mark.parametrize(
    ("head", "rows", "why"),
    [
        ("file_name,text", ("a/0.png,a cat",), "no column 'label'"),
        ("name,label", ("a/0.png,cat",), "no column 'file_name'"),
        ("file_name,label", ALL[1:], r"no label for 1 pictures, a/0.png"),
        ("file_name,label", (*ALL[1:], "a/0.png,"), r"no label for 1 pictures, a/0.png"),
    ],
)
def test_a_table_of_no_use_is_said_and_changes_nothing(
    head: str, rows: tuple[str, ...], why: str, root: Path, tmp_path: Path
) -> None:
    before = ImageFolder(root, tmp_path / "data").identity()
    table(root, *rows, head=head)
    source = ImageFolder(root, tmp_path / "data")
    with pytest.warns(UserWarning, match=f"metadata.csv in .* gives no classes: it has {why}"):
        images = source.load(1, 8)
    assert list(images.class_names or []) == ["a", "b"]
    assert source.identity() == before


def test_a_table_that_is_no_text_is_said(root: Path, tmp_path: Path) -> None:
    (root / "metadata.csv").write_bytes(b"file_name,label\n\xff,x")
    with pytest.warns(UserWarning, match="cannot be read"):
        ImageFolder(root, tmp_path / "data").load(1, 8)


def test_classes_are_counted_without_opening_a_picture(root: Path) -> None:
    for path in root.rglob("*.png"):
        path.write_bytes(b"")
    assert count_classes(root) == 2
    assert count_classes(root / "a") is None
    assert count_classes(root / "nowhere") is None
    (root / "b" / "0.png").rename(root / "cover.png")
    assert count_classes(root) is None
    assert (
        ImageFolder(root, "").why_no_classes == "cover.png lies beside the class folders a, b: move it into one, or out"
    )
    assert "has no two folders" in ImageFolder(root / "a", "").why_no_classes
    assert "is no folder" in ImageFolder(root / "nowhere", "").why_no_classes


def module(root: Path, data: Path, **settings: object) -> ImageDataModule:
    options: dict[str, object] = {"num_classes": 2, "batch_size": 2, "val_size": 1, "test_size": 1} | settings
    return ImageDataModule(ImageFolder(root, data), 1, 8, **options)  # type: ignore[arg-type]


def test_a_stray_picture_is_named_where_classes_are_asked_for(root: Path, tmp_path: Path) -> None:
    (root / "b" / "0.png").rename(root / "cover.png")
    with pytest.raises(ValueError, match=r"but root has no labels: cover.png lies beside the class folders a, b"):
        module(root, tmp_path / "data").items("train")


def test_a_class_without_a_picture_to_train_on_is_known(root: Path, tmp_path: Path) -> None:
    assert module(root, tmp_path / "data").untrained_classes == []
    (root / "b" / "0.png").unlink()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert module(root, tmp_path / "data").untrained_classes == ["b"]
        assert module(root, tmp_path / "data", num_classes=None).untrained_classes == []
        assert module(root, tmp_path / "data", train_size=1).untrained_classes == ["b"]
