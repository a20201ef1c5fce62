"""What a metric needs is said in known words: one that is misspelt is a sentence when the suite is built."""

import subprocess
import sys
from typing import get_args

import pytest

from genlab.metrics.capabilities import capabilities
from genlab.metrics.needs import Need
from genlab.metrics.suite import Suite

from .test_measured_alike import own_metrics

OWN = """
from genlab.metrics.score import Score

class Brightness:
    needs = frozenset({"sampels", "pixels"})
    names = ("brightness",)

    def scores(self, evaluation):
        value = evaluation.pixels().float().mean().item()
        return {"brightness": Score(value, value, value, evaluation.n_samples, "greys", "higher")}
"""


def suite(needs, cache_dir):
    metric = type("Mine", (), {"needs": needs, "names": ("mine",), "scores": lambda self, evaluation: {}})()
    return Suite({"own": metric}, 10, 10, 0, "test", cache_dir)


@pytest.mark.parametrize(
    ("wrong", "right"), [("sampels", "samples"), ("label", "labels"), ("reconstruction", "reconstructions")]
)
def test_a_need_that_nothing_offers_is_named_with_the_nearest_one(wrong, right, cache_dir):
    with pytest.raises(
        ValueError, match=rf"the metric own \(Mine\) needs '{wrong}', which nothing offers; .*'{right}'"
    ):
        suite({wrong}, cache_dir)


@pytest.mark.parametrize("needs", ["samples", None, ["samples"]])
def test_needs_are_a_set(needs, cache_dir):
    with pytest.raises(ValueError, match="must say what it needs: needs = frozenset"):
        suite(needs, cache_dir)


def test_a_need_far_from_all_is_answered_with_all(cache_dir):
    with pytest.raises(ValueError, match="'gravity', which nothing offers; it may need 31 pixels, 6 pixels, attr"):
        suite({"gravity"}, cache_dir)


def test_every_need_is_some_metrics_and_every_offer_is_a_need(data, copying):
    assert {need for metric in own_metrics().values() for need in metric.needs} <= set(get_args(Need))
    assert capabilities(copying(data), data) <= set(get_args(Need))


@pytest.mark.parametrize("verb", ["check", "train"])
def test_a_users_metric_is_refused_before_training(verb, tmp_path):
    (tmp_path / "own_metric_xy.py").write_text(OWN)
    words = [
        "model=ae", "dataset=digits", "metrics=none", "+metrics.metrics.own._target_=own_metric_xy.Brightness",
        "allow_targets=[own_metric_xy.Brightness]", "logger=none", f"paths.output_dir={tmp_path}/store",
    ]  # fmt: skip
    done = subprocess.run([sys.executable, "-m", "genlab", verb, *words], capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 2, done.stderr
    assert "the metric own (Brightness) needs 'sampels', which nothing offers; did you mean 'samples'?" in done.stderr
    assert "Traceback" not in done.stderr
    assert not list(tmp_path.glob("store/*/*/checkpoints/*"))
