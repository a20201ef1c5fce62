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
    pixels, labels = data.images("val")
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
    in_memory = suite.evaluate_pictures(Fixed(*data.images("val"), "memory"), data)
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
    assert torch.equal(extracted, torch.bincount(data.images("val")[1], minlength=10))
    (folder / "7").rename(folder / "cats")
    assert folder_pictures(folder, data, tmp_path / "cache").labels is None


def test_pictures_of_another_shape_are_refused(data: Any, extractor: OwnClassifier, cache_dir: str) -> None:
    suite = Suite({"fid": FrechetDistance(extractor)}, 10, 30, 0, "test", cache_dir)
    with pytest.raises(ValueError, match=r"the pictures are \(3, 8, 8\) and those of digits \(1, 8, 8\)"):
        suite.evaluate_pictures(Fixed(torch.zeros(4, 3, 8, 8, dtype=torch.uint8), None, "memory"), data)
