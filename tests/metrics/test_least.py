"""Every metric says how many pictures it needs: fewer are refused before training, so many give its scores."""

from __future__ import annotations

import math
from functools import cache
from typing import Any

import pytest
import torch
import yaml
from hydra.utils import get_class

from composing import composed
from genlab.config.files import conf_dir
from genlab.config.instantiate import build
from genlab.errors import ConfigError
from genlab.metrics.evaluation import Evaluation, Plan
from genlab.metrics.least import Counts
from genlab.metrics.source import Generated
from genlab.metrics.suite import Suite
from genlab.modalities.image import Image
from genlab.modalities.pixels import to_model

MOST = 80
HANDLES = {
    handle: file.stem
    for file in sorted((conf_dir() / "metrics").glob("*.yaml"))
    for handle, part in yaml.safe_load(file.read_text())["metrics"].get("metrics", {}).items()
    if file.stem != "sound"  # which reads no pictures
    and part.get("extractor", "${extractor}") == "${extractor}"
    and "weights_dir" not in part  # the rest are downloads
    and not get_class(part["_target_"]).needs
    & {"edits", "pictures and texts", "translations", "styles"}  # of other models than the one below
}
DIFFUSION = {"bound", "flow"}
"""Metrics of models that denoise; of one picture and more."""


class Few:
    """Digits with so many pictures of a split, their classes in turn."""

    name, shape, num_classes, modality = "digits", (1, 8, 8), 10, Image()

    def __init__(self, data: Any, side: int = 8, **cut: int) -> None:
        self.checksum, self.shape, self._data, self._cut, self._side = data.checksum, (1, side, side), data, cut, side

    def items(self, split: str) -> Any:
        pixels, labels = self._data.items(split)
        members = [(labels == label).nonzero().flatten()[:60] for label in range(10)]
        rows = torch.stack([of[: min(map(len, members))] for of in members], 1).flatten()[: self._cut.get(split)]
        return pixels[rows][..., : self._side, : self._side], labels[rows]


class Model:
    """Can do what metrics of pictures ask for."""

    num_classes = 10
    device = torch.device("cpu")

    def __init__(self, data: Few) -> None:
        self.pixels, self.labels = data.items("val")

    def sample(self, n: int, condition: Any = None, *, generator: Any = None) -> torch.Tensor:
        first = torch.stack([(self.labels == label).nonzero()[0, 0] for label in condition])
        noise = 0.1 * generator.uniform((n, *self.pixels.shape[1:]))
        return to_model(self.pixels[first]) + noise

    def reconstruct(self, x: torch.Tensor, condition: Any = None) -> torch.Tensor:
        return 0.9 * x

    def encode(self, x: torch.Tensor, condition: Any = None) -> torch.Tensor:
        return x.flatten(1)[:, 20:24]

    def nll(self, x: torch.Tensor, condition: Any = None) -> torch.Tensor:
        return x.flatten(1).sum(1)


@cache
def metric_of(handle: str, cache_dir: str) -> Any:
    words = [f"metrics={HANDLES[handle]}", "extractor.steps=3", f"paths.data_dir={cache_dir}"]
    return build(composed(*words).metrics).metrics[handle]


def asked(handle: str, n: int, cache_dir: str) -> Suite:
    return Suite({handle: metric_of(handle, cache_dir)}, n, 100, 0, "test", cache_dir)


def unchecked(suite: Suite, data: Few) -> dict[str, Any]:
    """What the metric gives without being asked whether the pictures are enough."""
    (metric,) = suite.metrics.values()
    extractors = [metric.extractor] if hasattr(metric, "extractor") else []
    plan = Plan(suite.n_samples, 100, 0, "test", suite.cache_dir, extractors, keep_pixels=True)
    module = Model(data)
    found: dict[str, Any] = metric.scores(Evaluation(module, Generated(module, suite.n_samples, 0, data), data, plan))
    return found


LIMITS = {
    "samples": lambda data, k: (k, Few(data)),
    "real": lambda data, k: (MOST, Few(data, test=k)),
    "train": lambda data, k: (MOST, Few(data, train=k)),
}


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("limit", LIMITS)
@pytest.mark.parametrize("handle", sorted(set(HANDLES) - DIFFUSION - {"ms_ssim"}))
def test_the_fewest_pictures_that_are_taken_give_scores_and_one_less_would_not(
    handle: str, limit: str, data: Any, cache_dir: str
) -> None:
    def case(k: int) -> tuple[Suite, Few]:
        n, few = LIMITS[limit](data, k)
        return asked(handle, n, cache_dir), few

    def refused(k: int) -> str | None:
        suite, few = case(k)
        try:
            suite.check_counts(Model(few), few)
        except ConfigError as error:
            return str(error)
        return None

    fewest = next(k for k in range(1, MOST + 1) if refused(k) is None)
    suite, few = case(fewest)
    found = suite.evaluate(Model(few), few)
    assert found.unscored == {}
    assert all(math.isfinite(part) for score in found.values() for part in (score.value, score.low, score.high))
    if fewest == 1:
        return  # nothing can be fewer
    said = refused(fewest - 1)
    assert said is not None
    assert handle in said
    assert f"{'there are' if 'class' not in said else 'has'} " in said
    suite, few = case(fewest - 1)
    with pytest.raises(ConfigError, match="metrics=none without"):  # before anything is drawn, too
        suite.check(Model(few), few)
    try:
        scores = unchecked(suite, few)
    except (ValueError, RuntimeError, IndexError, ZeroDivisionError):
        return
    assert not all(math.isfinite(score.value) for score in scores.values()) or not scores


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("side", [4, 5, 6, 8])
@pytest.mark.parametrize("handle", ["psnr", "ssim", "ms_ssim"])
def test_a_picture_that_is_too_small_for_a_metric_leaves_it_out(
    handle: str, side: int, data: Any, cache_dir: str
) -> None:
    few, least = Few(data, side), {"psnr": 1, "ssim": 6, "ms_ssim": 11}[handle]
    suite = asked(handle, 20, cache_dir)
    assert set(suite.applicable(Model(few), few)) == ({handle} if side >= least else set())
    if side >= least:
        assert suite.evaluate(Model(few), few)[handle].n == 20


def test_all_that_is_lacking_is_said_at_once_with_the_way_out(data: Any, cache_dir: str) -> None:
    handles = ("fid", "fid_jackknife", "intra_class_fid", "psnr")
    suite = Suite({h: metric_of(h, cache_dir) for h in handles}, 10, 10, 0, "test", cache_dir)
    with pytest.raises(ConfigError) as caught:
        suite.check_counts(Model(Few(data)), Few(data))
    assert str(caught.value) == (
        "metrics.n_samples = 10 on digits: fid_jackknife needs 20 samples, there are 10; intra_class_fid needs "
        "2 samples of each class, class 0 has 1; there must be more, or metrics.only=[fid,psnr] without "
        "fid_jackknife and intra_class_fid"
    )


def test_a_metric_that_declares_nothing_takes_one_picture() -> None:
    assert Counts() == (1, 0, 1, 0, 0, 0, 0)
