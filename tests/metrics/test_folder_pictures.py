"""A folder of pictures is scored as a model is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image

from genlab.metrics.classifier_accuracy import ClassifierAccuracy
from genlab.metrics.extractors.classifier import OwnClassifier
from genlab.metrics.folder import folder_pictures
from genlab.metrics.frechet import FrechetDistance
from genlab.metrics.source import Fixed
from genlab.metrics.suite import Suite


@pytest.fixture
def folder(tmp_path: Path, data: Any) -> Path:
    """Real digits as PNG files, in a folder for each class."""
    data.class_names = [str(digit) for digit in range(10)]
    pixels, labels = data.items("val")
    for i, (picture, label) in enumerate(zip(pixels, labels.tolist(), strict=True)):
        place = tmp_path / "pictures" / str(label)
        place.mkdir(parents=True, exist_ok=True)
        Image.fromarray(picture[0].numpy()).save(place / f"{i}.png")
    return tmp_path / "pictures"


def test_a_folder_scores_as_the_same_pictures_in_memory(
    folder: Path, data: Any, extractor: OwnClassifier, cache_dir: str, tmp_path: Path
) -> None:
    suite = Suite(
        {"fid": FrechetDistance(extractor), "accuracy": ClassifierAccuracy(extractor)}, 10, 30, 0, "test", cache_dir
    )
    found = suite.evaluate_pictures(folder_pictures(folder, data, tmp_path / "cache"), data)
    in_memory = suite.evaluate_pictures(Fixed(*data.items("val"), "memory"), data)
    assert set(found) == {"fid_digits", "classifier_accuracy_digits"}
    for name, score in found.items():
        assert score.value == pytest.approx(in_memory[name].value, rel=1e-6)
        assert score.n == 100
    assert found["fid_digits"].provenance["origin"] == "folder pictures"


def test_labels_count_only_when_the_folders_are_named_after_the_classes(
    folder: Path, data: Any, tmp_path: Path
) -> None:
    pictures = folder_pictures(folder, data, tmp_path / "cache")
    extracted = torch.bincount(pictures.labels, minlength=10)
    assert torch.equal(extracted, torch.bincount(data.items("val")[1], minlength=10))
    (folder / "7").rename(folder / "cats")
    assert folder_pictures(folder, data, tmp_path / "cache").labels is None


def test_pictures_of_another_shape_are_refused(data: Any, extractor: OwnClassifier, cache_dir: str) -> None:
    suite = Suite({"fid": FrechetDistance(extractor)}, 10, 30, 0, "test", cache_dir)
    with pytest.raises(ValueError, match=r"the pictures are \(3, 8, 8\) and those of digits \(1, 8, 8\)"):
        suite.evaluate_pictures(Fixed(torch.zeros(4, 3, 8, 8, dtype=torch.uint8), None, "memory"), data)


def test_pictures_saved_in_colour_become_grey_with_one_warning_and_lose_nothing_when_they_were_grey(
    folder: Path, data: Any, tmp_path: Path
) -> None:
    grey = folder_pictures(folder, data, tmp_path / "cache")
    for file in folder.rglob("*.png"):
        with Image.open(file) as picture:
            colour = picture.convert("RGB")
        colour.save(file)
    with pytest.warns(UserWarning, match="100 pictures are saved in colour and digits is grey") as caught:
        made_grey = folder_pictures(folder, data, tmp_path / "cache")
    assert len(caught) == 1
    assert torch.equal(made_grey.pixels, grey.pixels)
    assert made_grey.provenance()["origin"] == "folder pictures, made grey"


def test_red_green_and_blue_become_their_luma(data: Any, tmp_path: Path) -> None:
    for i, colour in enumerate([(255, 0, 0), (0, 255, 0), (0, 0, 255)]):
        (tmp_path / "pictures").mkdir(exist_ok=True)
        Image.new("RGB", (8, 8), colour).save(tmp_path / "pictures" / f"{i}.png")
    with pytest.warns(UserWarning, match="made grey"):
        pictures = folder_pictures(tmp_path / "pictures", data, tmp_path / "cache")
    assert pictures.pixels[:, 0, 0, 0].tolist() == [round(255 * share) for share in (0.299, 0.587, 0.114)]


def test_captions_come_in_the_order_of_the_pictures(folder: Path, data: Any, tmp_path: Path) -> None:
    names = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.png"))
    rows = [f'{name},"a digit, {name[0]}"' for name in reversed(names)]
    (tmp_path / "captions.csv").write_text("\n".join(["file_name,text", *rows, "elsewhere.png,nothing"]))
    pictures = folder_pictures(folder, data, tmp_path / "cache", captions=tmp_path / "captions.csv")
    assert pictures.captions == [f"a digit, {label}" for label in pictures.labels.tolist()]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("file_name,text\n0/14.png,zero\n", "says nothing of 99 pictures"),
        ("name,text\n", "has no column 'file_name'"),
        (None, "cannot be read"),
    ],
)
def test_captions_that_do_not_fit_are_one_sentence(
    folder: Path, data: Any, tmp_path: Path, text: str | None, sentence: str
) -> None:
    if text is not None:
        (tmp_path / "captions.csv").write_text(text)
    with pytest.raises(ValueError, match=sentence):
        folder_pictures(folder, data, tmp_path / "cache", captions=tmp_path / "captions.csv")


def test_the_range_of_deep_pictures_is_asked_for_by_the_commands_own_key(data: Any, tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    pixels, _ = data.items("val")
    for i, picture in enumerate(pixels[:20]):
        Image.fromarray(picture[0].numpy().astype("uint16") * 16).save(tmp_path / "deep" / f"{i:02d}.tif")
    with pytest.raises(ValueError, match=r"folder='.*': 20 pictures .* give range=\[BLACK,WHITE\], such as \[0,4095\]"):
        folder_pictures(tmp_path / "deep", data, tmp_path / "cache")
    found = folder_pictures(tmp_path / "deep", data, tmp_path / "cache", range=[0, 4080])
    assert torch.equal(found.pixels, pixels[:20])
