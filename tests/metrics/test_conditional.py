"""Metrics of class-conditional samples, on real digits with right, wrong and repeated classes."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from genlab.metrics.classification_accuracy_score import ClassificationAccuracyScore
from genlab.metrics.classifier_accuracy import ClassifierAccuracy
from genlab.metrics.extractors.classifier import OwnClassifier
from genlab.metrics.frechet import FrechetDistance
from genlab.metrics.intra_class_fid import IntraClassFID
from genlab.metrics.score import Score
from genlab.metrics.source import Fixed
from genlab.metrics.suite import Suite
from genlab.metrics.variability import IntraClassVariability, mean_pairwise_distance


def scored(pixels: torch.Tensor, labels: torch.Tensor, data: Any, extractor: Any, cache_dir: str) -> dict[str, Score]:
    metrics = {
        "accuracy": ClassifierAccuracy(extractor), "intra": IntraClassFID(extractor), "fid": FrechetDistance(extractor),
        "variability": IntraClassVariability(extractor),
    }  # fmt: skip
    suite = Suite(metrics, 1000, 200, 0, "test", cache_dir)
    return suite.evaluate_pictures(Fixed(pixels, labels, "a test"), data)


def test_real_digits_have_the_accuracy_and_the_variety_of_real_digits(
    data: Any, extractor: OwnClassifier, cache_dir: str
) -> None:
    found = scored(*data.items("train"), data, extractor, cache_dir)
    assert found["classifier_accuracy_digits"].value > 0.97
    for name in ("intra_class_variability_digits", "intra_class_variability_pixels"):
        assert found[name].value == pytest.approx(1, abs=0.1)
    assert found["intra_fid_digits"].value == pytest.approx(
        sum(found["intra_fid_digits"].provenance["per_class"]) / 10, abs=1e-5
    )


def test_wrong_classes_are_seen_by_accuracy_and_intra_class_fid_but_not_by_fid(
    data: Any, extractor: OwnClassifier, cache_dir: str
) -> None:
    pixels, labels = data.items("train")
    right = scored(pixels, labels, data, extractor, cache_dir)
    wrong = scored(pixels, (labels + 1) % 10, data, extractor, cache_dir)
    assert wrong["fid_digits"].value == pytest.approx(right["fid_digits"].value)
    assert wrong["classifier_accuracy_digits"].high < 0.05
    assert wrong["intra_fid_digits"].low > 2 * right["intra_fid_digits"].high


def test_one_picture_a_class_has_no_variability_but_full_accuracy(
    data: Any, extractor: OwnClassifier, cache_dir: str
) -> None:
    pixels, labels = data.items("train")
    extractor.prepare(data)
    sure = extractor(pixels).logits.argmax(1) == labels
    first = torch.stack([(sure & (labels == label)).nonzero()[0, 0] for label in range(10)])
    found = scored(pixels[first].repeat(20, 1, 1, 1), labels[first].repeat(20), data, extractor, cache_dir)
    assert found["classifier_accuracy_digits"].value == 1
    assert found["classifier_accuracy_digits"].low < 0.99  # 200 successes do not prove certainty
    assert found["intra_class_variability_pixels"].value == pytest.approx(0, abs=1e-6)


def test_a_classifier_of_samples_knows_real_digits_only_when_the_samples_are_right(
    data: Any, extractor: OwnClassifier, cache_dir: str
) -> None:
    pixels, labels = data.items("train")
    suite = Suite({"cas": ClassificationAccuracyScore(extractor)}, 1000, 200, 0, "test", cache_dir)
    name = "classification_accuracy_score_digits"
    right = suite.evaluate_pictures(Fixed(pixels, labels, "a test"), data)[name]
    wrong = suite.evaluate_pictures(Fixed(pixels, labels % 5, "a test"), data)[name]  # 5 to 9 shown as 0 to 4
    assert right.value == pytest.approx(right.provenance["extractor_accuracy"])  # the same pictures, the same recipe
    assert 0.3 < wrong.value < 0.6


def test_a_class_without_samples_is_named(data: Any, extractor: OwnClassifier, cache_dir: str) -> None:
    pixels, labels = data.items("train")
    with pytest.raises(ValueError, match="class 7 has"):
        scored(pixels[labels != 7], labels[labels != 7], data, extractor, cache_dir)


def test_metrics_of_classes_are_left_out_without_classes_or_a_classifier(
    data: Any, extractor: OwnClassifier, cache_dir: str
) -> None:
    from genlab.metrics.extractors.efficientnet_lite0 import EfficientNetLite0

    suite = Suite(
        {"a": ClassifierAccuracy(extractor), "b": ClassifierAccuracy(EfficientNetLite0(cache_dir))}, 10, 10, 0, "test",
        cache_dir,
    )  # fmt: skip
    pixels, labels = data.items("val")
    assert set(suite.applicable(Fixed(pixels, labels, "a test"), data)) == {"a"}
    assert set(suite.applicable(Fixed(pixels, None, "a test"), data)) == set()


def test_a_model_of_one_class_has_the_variability_of_that_class(extractor: OwnClassifier, cache_dir: str) -> None:
    from genlab.data.digits import Digits
    from genlab.data.image_datamodule import ImageDataModule

    threes = ImageDataModule(Digits(), 1, 8, 10, 64, test_size=0.3, classes=3)
    pixels, _ = threes.items("train")

    class OfThrees:
        num_classes = None

        def __init__(self, share: int) -> None:
            self.drawn = pixels[:share]

        def sample(self, n: int, condition: Any = None, *, generator: Any = None) -> torch.Tensor:
            from genlab.modalities.pixels import to_model

            rows = (generator.uniform((n, 1)).flatten() * len(self.drawn)).long()
            return to_model(self.drawn[rows])

    suite = Suite({"variability": IntraClassVariability(extractor)}, 200, 50, 0, "test", cache_dir)
    all_threes, two_threes = (suite.evaluate(OfThrees(share), threes) for share in (len(pixels), 2))
    for name in ("intra_class_variability_digits", "intra_class_variability_pixels"):
        assert all_threes[name].value == pytest.approx(1, abs=0.15)
        assert two_threes[name].value < 0.7
    everything = ImageDataModule(Digits(), 1, 8, 10, 64, test_size=0.3)
    assert suite.applicable(OfThrees(2), everything) == {}  # nobody knows which class a sample is of


def test_the_mean_pairwise_distance_of_points_on_a_line() -> None:
    mean, error = mean_pairwise_distance(torch.tensor([[0.0], [1.0], [3.0]]))
    assert mean == pytest.approx((1 + 3 + 2) / 3)
    assert error > 0
