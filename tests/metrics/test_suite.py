"""The suite on real digits: what applies is scored, once, reproducibly, and says how it was made."""

from __future__ import annotations

import json
from typing import Any

import pytest
import torch

from genlab.metrics.extractors.classifier import OwnClassifier
from genlab.metrics.extractors.extractor import Extractor
from genlab.metrics.frechet import FrechetDistance
from genlab.metrics.inception_score import InceptionScore
from genlab.metrics.psnr import PSNR
from genlab.metrics.score import Score
from genlab.metrics.ssim import SSIM
from genlab.metrics.suite import Suite


def suite(cache_dir: str, extractor: Extractor, **settings: Any) -> Suite:
    metrics = {
        "fid": FrechetDistance(extractor), "is": InceptionScore(extractor), "psnr": PSNR(), "ssim": SSIM()
    }  # fmt: skip
    return Suite(**{"metrics": metrics, "n_samples": 300, "batch_size": 128, "seed": 0, "split": "test",
                    "cache_dir": cache_dir, **settings})  # fmt: skip


@pytest.fixture
def scores(cache_dir: str, extractor: OwnClassifier, data: Any, copying: type) -> dict[str, Score]:
    return suite(cache_dir, extractor).evaluate(copying(data), data)


def test_names_say_the_extractor_and_values_lie_in_their_intervals(scores: dict[str, Score]) -> None:
    assert set(scores) == {"fid_digits", "inception_score_digits", "psnr", "ssim"}
    assert all(score.low <= score.value <= score.high for score in scores.values())
    assert all(score.n == 300 for score in scores.values())
    assert 7 < scores["inception_score_digits"].value <= 10
    assert scores["fid_digits"].better == "lower"


def test_real_digits_are_closer_to_real_digits_than_noise_is(
    scores: dict[str, Score], cache_dir: str, extractor: OwnClassifier, data: Any, copying: type
) -> None:
    class Noise(copying):
        def sample(self, n: int, condition: Any = None, *, generator: Any = None) -> torch.Tensor:
            return generator.uniform((n, 1, 8, 8)) * 2 - 1

    noise = suite(cache_dir, extractor).evaluate(Noise(data), data)
    assert scores["fid_digits"].high < noise["fid_digits"].low
    assert scores["inception_score_digits"].low > noise["inception_score_digits"].high


def test_provenance_says_how_the_value_was_made_and_measured(
    scores: dict[str, Score], extractor: OwnClassifier
) -> None:
    provenance = scores["fid_digits"].provenance
    expected = {"weights": "ema", "sampler": "copying", "nfe": 1, "seed": 0, "extractor": "digits", "resize": "none"}
    assert expected.items() <= provenance.items()
    assert provenance["reference"] == "digits/test"
    assert provenance["reference_n"] == 497
    assert len(provenance["extractor_sha256"]) == len(provenance["reference_sha256"]) == 64
    assert provenance["extractor_accuracy"] > 0.95
    entry = json.loads(json.dumps(scores["fid_digits"].to_json()))
    assert set(entry) == {"value", "low", "high", "n", "unit", "better", "measured", "made"}
    assert Score.from_json(entry) == scores["fid_digits"]


def test_the_batch_size_of_drawing_changes_nothing(
    scores: dict[str, Score], cache_dir: str, extractor: OwnClassifier, data: Any, copying: type
) -> None:
    others = suite(cache_dir, extractor, batch_size=37).evaluate(copying(data), data)
    for name, score in scores.items():
        assert others[name].value == pytest.approx(score.value, rel=1e-5)


def test_scoring_uses_averaged_weights_and_leaves_the_random_state_of_training_alone(
    cache_dir: str, extractor: OwnClassifier, data: Any, copying: type
) -> None:
    model = copying(data)
    before = torch.get_rng_state()
    suite(cache_dir, extractor).evaluate(model, data)
    assert model.drawn_while_averaged == [True, True, True]  # 300 samples in batches of 128, drawn once for all
    assert torch.equal(before, torch.get_rng_state())


def test_a_metric_whose_need_is_not_met_is_left_out(cache_dir: str, extractor: OwnClassifier, data: Any) -> None:
    class OnlyReconstructs:
        def reconstruct(self, x: torch.Tensor, condition: Any = None) -> torch.Tensor:
            return x

    assert set(suite(cache_dir, extractor).evaluate(OnlyReconstructs(), data)) == {"psnr", "ssim"}


def test_a_suite_of_which_nothing_applies_says_so(cache_dir: str, extractor: OwnClassifier, data: Any) -> None:
    with pytest.raises(ValueError, match=r"no metric of the suite \(fid, is, psnr, ssim\) applies"):
        suite(cache_dir, extractor).check(object(), data)


def test_another_number_of_classes_than_the_data_has_is_warned_of(
    cache_dir: str, extractor: OwnClassifier, data: Any, copying: type
) -> None:
    model = copying(data)
    model.num_classes = 5
    with pytest.warns(UserWarning, match="the model takes 5 classes and digits has 10"):
        suite(cache_dir, extractor).check(model, data)


def test_an_empty_suite_scores_nothing(cache_dir: str, extractor: OwnClassifier, data: Any, copying: type) -> None:
    empty = suite(cache_dir, extractor, metrics={})
    assert empty.needs == set()
    assert empty.evaluate(copying(data), data) == {}


def test_equal_extractors_are_one_and_different_ones_may_not_share_a_name(cache_dir: str) -> None:
    def classifier(steps: int) -> OwnClassifier:
        return OwnClassifier("digits", cache_dir, 16, steps, 64, 0.01, 0)

    metrics = {"fid": FrechetDistance(classifier(150)), "is": InceptionScore(classifier(150))}
    shared = suite(cache_dir, classifier(150), metrics=metrics)
    assert shared.metrics["fid"].extractor is shared.metrics["is"].extractor
    with pytest.raises(ValueError, match="both named digits"):
        suite(cache_dir, classifier(1), metrics={**metrics, "other": InceptionScore(classifier(1))})


def test_a_second_evaluation_takes_the_reference_from_the_cache(
    scores: dict[str, Score], cache_dir: str, data: Any, copying: type
) -> None:
    told: list[str] = []
    again = OwnClassifier("digits", cache_dir, n_features=16, steps=150, train_batch_size=64, lr=0.01, seed=0)
    repeated = suite(cache_dir, again).evaluate(
        copying(data), data, progress=lambda what, done, total: told.append(what)
    )
    assert set(told) == {"samples", "reconstructions"}
    assert repeated == scores


def test_data_without_labels_are_refused_before_training(
    cache_dir: str, extractor: OwnClassifier, data: Any, copying: type
) -> None:
    unlabelled = type(data)()
    unlabelled.num_classes = None
    with pytest.raises(ValueError, match="learns the data set's labels, and digits has none"):
        suite(cache_dir, extractor).check(copying(data), unlabelled)
