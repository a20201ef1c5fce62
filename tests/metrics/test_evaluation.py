"""Likelihood, cost, multi-scale similarity, and features that are kept, each through the suite."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from genlab.metrics.cost import Cost
from genlab.metrics.extractors.classifier import OwnClassifier
from genlab.metrics.frechet import FrechetDistance
from genlab.metrics.inception_score import InceptionScore
from genlab.metrics.likelihood import NegativeLogLikelihood
from genlab.metrics.ms_ssim import MSSSIM, ms_ssim, scales
from genlab.metrics.suite import Suite


class Uniform(nn.Module):
    """Gives every one of the 256 levels of a pixel the same probability, and draws so."""

    num_classes = None
    num_parameters = 12

    def __init__(self) -> None:
        super().__init__()
        self.unused = nn.Parameter(torch.zeros(3, 4))
        self.drawn = 0

    def nll(self, x: torch.Tensor, condition: Any = None) -> torch.Tensor:
        return torch.full((len(x),), x[0].numel() * math.log(256))

    def dimensions(self, x: torch.Tensor) -> int | None:
        return x[0].numel()

    def sample(self, n: int, condition: Any = None, *, generator: Any = None) -> torch.Tensor:
        self.drawn += n
        return generator.uniform((n, 1, 8, 8)) * 2 - 1

    def provenance(self) -> dict[str, Any]:
        return {"weights": "raw", "nfe": 7}


def test_uniform_pixels_cost_eight_bits(data: Any, cache_dir: str) -> None:
    suite = Suite({"likelihood": NegativeLogLikelihood()}, 200, 64, 0, "test", cache_dir)
    found = suite.evaluate(Uniform(), data)
    assert found["bits_per_dim"].value == pytest.approx(8)
    assert found["nats"].value == pytest.approx(64 * math.log(256))
    assert (found["nats"].n, found["nats"].better) == (200, "lower")


def test_a_density_has_nats_and_no_bits_per_dimension(data: Any, cache_dir: str) -> None:
    class Density(Uniform):
        def dimensions(self, x: torch.Tensor) -> int | None:
            return None

    suite = Suite({"likelihood": NegativeLogLikelihood()}, 20, 64, 0, "test", cache_dir)
    assert set(suite.evaluate(Density(), data)) == {"nats"}


def test_a_model_that_has_diverged_has_no_likelihood(data: Any, cache_dir: str) -> None:
    class Diverged(Uniform):
        def nll(self, x: torch.Tensor, condition: Any = None) -> torch.Tensor:
            return super().nll(x) * torch.nan

    with pytest.raises(ValueError, match=r"20 of 20 likelihoods are not finite.*diverged"):
        Suite({"likelihood": NegativeLogLikelihood()}, 20, 64, 0, "test", cache_dir).evaluate(Diverged(), data)


def test_cost_counts_and_times(data: Any, cache_dir: str) -> None:
    class Slow(Uniform):
        def sample(self, n: int, condition: Any = None, *, generator: Any = None) -> torch.Tensor:
            import time

            time.sleep(0.002 * n)
            _ = torch.ones(n, 3) @ self.unused
            return super().sample(n, generator=generator)

    found = Suite({"cost": Cost()}, 60, 20, 0, "test", cache_dir).evaluate(Slow(), data)
    assert found["parameters"].value == 12
    assert found["nfe"].value == 7
    assert found["flops_per_image"].value == 2 * 3 * 4
    assert 0.002 <= found["seconds_per_image"].value < 0.02
    assert "cpu" in found["seconds_per_image"].provenance["device"]
    assert "memory_per_image" not in found  # it is known on CUDA only


def test_kept_features_serve_another_metric_without_new_samples(
    data: Any, extractor: OwnClassifier, cache_dir: str, tmp_path: Path
) -> None:
    def evaluate(model: Uniform, metric: Any, seed: int = 0) -> Any:
        suite = Suite({"it": metric}, 100, 50, seed, "test", cache_dir, keep_features=True)
        return suite.evaluate(model, data, out_dir=tmp_path)

    model = Uniform()
    first = evaluate(model, FrechetDistance(extractor))
    assert model.drawn == 100
    assert evaluate(model, FrechetDistance(extractor)) == first
    evaluate(model, InceptionScore(extractor))
    assert model.drawn == 100
    evaluate(model, FrechetDistance(extractor), seed=1)
    assert model.drawn == 200
    with torch.no_grad():
        model.unused += 1  # other weights, other samples
    evaluate(model, FrechetDistance(extractor))
    assert model.drawn == 300


def test_ms_ssim_of_equal_pictures_is_one_and_of_others_less() -> None:
    generator = torch.Generator().manual_seed(0)
    a = torch.randint(0, 256, (3, 1, 64, 64), dtype=torch.uint8, generator=generator)
    b = (0.7 * a + 0.3 * a.roll(1, 0)).to(torch.uint8)
    assert ms_ssim(a, a).tolist() == pytest.approx([1, 1, 1], abs=1e-6)
    assert all(0 < value < 1 for value in ms_ssim(a, b).tolist())


@pytest.mark.parametrize(("side", "count"), [(11, 1), (28, 2), (32, 2), (64, 3), (175, 4), (176, 5), (512, 5)])
def test_small_pictures_have_fewer_scales(side: int, count: int) -> None:
    assert scales(side) == count


def test_ms_ssim_is_left_out_for_pictures_smaller_than_its_window(data: Any, cache_dir: str, copying: type) -> None:
    suite = Suite({"ms_ssim": MSSSIM()}, 20, 20, 0, "test", cache_dir)
    assert suite.applicable(copying(data), data) == {}
    with pytest.raises(ValueError, match="at least 11 pixels; got 8"):
        scales(8)


def test_only_chooses_and_names_what_it_does_not_know(extractor: OwnClassifier, cache_dir: str) -> None:
    metrics = {"fid": FrechetDistance(extractor), "cost": Cost()}
    assert set(Suite(metrics, 10, 10, 0, "test", cache_dir, only=["cost"]).metrics) == {"cost"}
    with pytest.raises(ValueError, match=r"metrics\.only names fidd, which is none of fid, cost"):
        Suite(metrics, 10, 10, 0, "test", cache_dir, only=["fidd"])
