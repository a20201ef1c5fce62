"""Sharpness: blurred pictures have less of it, real ones have 1."""

from typing import Any

import pytest
import torch
from torch.nn import functional as F

from genlab.metrics.sharpness import Sharpness, edge_energy
from genlab.metrics.source import Fixed
from genlab.metrics.suite import Suite


def scored(pixels: torch.Tensor, data: Any, cache_dir: str) -> Any:
    suite = Suite({"sharpness": Sharpness()}, 1000, 100, 0, "test", cache_dir)
    return suite.evaluate_pictures(Fixed(pixels, None, "a test"), data)["sharpness"]


def test_the_energy_of_a_step_is_that_of_its_two_columns() -> None:
    step = torch.zeros(1, 1, 6, 6, dtype=torch.uint8)
    step[..., 3:] = 100
    laplacian = torch.tensor([0.0, 100, -100, 0]).repeat(4)  # of the inner 4 x 4
    assert edge_energy(step).item() == pytest.approx(laplacian.var().item())
    assert edge_energy(torch.full((1, 3, 6, 6), 7, dtype=torch.uint8)).item() == 0


def test_unseen_pictures_are_as_sharp_as_real_ones_and_blurred_ones_are_not(data: Any, cache_dir: str) -> None:
    real = data.items("val")[0]
    sharp = scored(real, data, cache_dir)
    assert sharp.low < 1 < sharp.high
    kernel = torch.full((1, 1, 3, 3), 1 / 9)
    blurred = F.conv2d(F.pad(real.float(), (1, 1, 1, 1), mode="replicate"), kernel).round().to(torch.uint8)
    assert scored(blurred, data, cache_dir).high < 0.5
    assert sharp.provenance["reference"] == "digits/test"


def test_shades_decide_nothing_but_their_differences_do(data: Any) -> None:
    real = data.items("val")[0][:20]
    assert torch.allclose(edge_energy(real // 2 + 100), edge_energy(real // 2))
    assert torch.allclose(edge_energy(real // 2 * 2), 4 * edge_energy(real // 2))
