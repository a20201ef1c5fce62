"""`metrics=` takes a suite or a list of them, each looking through its own extractor."""

from __future__ import annotations

import pytest

from composing import composed
from genlab.config.check import check
from genlab.config.fingerprint import fingerprint, measurement
from genlab.config.instantiate import build
from genlab.metrics.suite import Suite


def names(suite: Suite) -> dict[str, str]:
    """Key of a metric -> the name of its extractor."""
    looking = {key: getattr(metric, "extractor", None) for key, metric in suite.metrics.items()}
    return {key: extractor.name for key, extractor in looking.items() if extractor is not None}


def test_a_list_of_suites_keeps_the_extractor_of_each() -> None:
    cfg = composed("metrics=[image,inception,perceptual]", "metrics.n_samples=50", "extractor.steps=7")
    check(cfg)
    suite = build(cfg.metrics)
    assert names(suite) == {
        "fid": "digits", "inception_score": "digits", "fid_inception": "inception", "kid_inception": "inception",
        "inception_score_inception": "inception", "feature_distance": "efficientnet_lite0",
    }  # fmt: skip
    assert {"psnr", "ssim", "ms_ssim"} <= set(suite.metrics)
    assert suite.n_samples == 50
    assert suite.metrics["fid"].extractor is suite.metrics["inception_score"].extractor  # type: ignore[attr-defined]
    assert suite.metrics["fid"].extractor.steps == 7  # type: ignore[attr-defined]


@pytest.mark.parametrize("order", ["[image,conditional,likelihood]", "[likelihood,conditional,image]"])
def test_suites_that_share_metrics_join_in_any_order(order: str) -> None:
    joined = composed(f"metrics={order}").metrics.metrics
    single = [composed(f"metrics={name}").metrics.metrics for name in ("image", "conditional", "likelihood")]
    assert set(joined) == {key for suite in single for key in suite}


def test_the_extractor_of_a_suite_can_be_exchanged() -> None:
    cfg = composed("metrics=perceptual", "extractor@extractors.perceptual=inception")
    assert names(build(cfg.metrics)) == {"feature_distance": "inception"}


@pytest.mark.parametrize("words", [["metrics=none"], ["metrics=reconstruction"], ["debug=fdr"]])
def test_a_recipe_that_chooses_an_extractor_runs_without_one(words: list[str]) -> None:
    """And what is chosen for nothing is no part of the result's name."""
    cfg = composed("experiment=diffusion/ddpm_emoji", *words)
    check(cfg)
    assert cfg.extractor._target_.endswith("EfficientNetLite0")
    other = composed("experiment=diffusion/ddpm_emoji", *words, "extractor=inception")
    assert fingerprint(cfg, "data") == fingerprint(other, "data")


def test_an_extractor_that_is_looked_through_is_part_of_the_measurements_name() -> None:
    first, second = (composed(f"extractor={name}") for name in ("digits", "inception"))
    assert measurement(first) != measurement(second)
    assert fingerprint(first, "data") == fingerprint(second, "data")
