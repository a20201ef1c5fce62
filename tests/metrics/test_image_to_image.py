"""Image to image against edits whose results are known."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import torch

from genlab.metrics.compare import comparable
from genlab.metrics.image_to_image import ImageToImage
from genlab.metrics.suite import Suite


class Result(NamedTuple):
    given: torch.Tensor
    results: torch.Tensor


class Denoising:
    """As much of a diffusion model as the metric asks for; the edit of each test does the work."""

    num_classes = 10
    denoiser: Any = None
    codec: Any = None
    sampler: Any = None

    def guided_denoiser(self) -> None: ...


class Darkens:
    """Adds `amount` to each pixel in [0, 255] levels, and notes the classes that were asked for."""

    def __init__(self, amount: int) -> None:
        self.amount = amount
        self.labels: list[int] = []
        self.noise: list[float] = []

    def __call__(self, model: Any, x: torch.Tensor, condition: Any, *, generator: Any) -> Result:
        self.labels += condition.label.tolist()
        self.noise += generator.uniform((len(x), 1)).flatten().tolist()
        levels = ((x + 1) * 127.5).round()
        shifted = torch.where(levels < 128, levels + self.amount, levels - self.amount)
        return Result(x[:1], shifted / 127.5 - 1)

    def __repr__(self) -> str:
        return f"Darkens({self.amount})"


def suite(edit: Any, cache_dir: str, batch_size: int = 7) -> Suite:
    metrics: dict[str, Any] = {"image_to_image": ImageToImage(edit)}
    return Suite(metrics, n_samples=20, batch_size=batch_size, seed=0, split="test", cache_dir=cache_dir)


@pytest.mark.parametrize("amount", [5, 50])
def test_a_constant_change_has_a_closed_form(data: Any, cache_dir: str, amount: int) -> None:
    edit = Darkens(amount)
    scores = suite(edit, cache_dir).evaluate(Denoising(), data)
    assert scores["psnr_to_input"].value == pytest.approx(20 * math.log10(255 / amount), rel=1e-4)
    assert scores["psnr_to_input"].made["edit"] == f"Darkens({amount})"
    assert scores["psnr_to_input"].n == 20


def test_values_of_several_edits_are_compared(data: Any, cache_dir: str) -> None:
    little, much = (suite(Darkens(amount), cache_dir).evaluate(Denoising(), data) for amount in (5, 50))
    for name in ImageToImage.names:
        assert little[name].value > much[name].value
        assert comparable(little[name], much[name])
        assert little[name].made["edit"] != much[name].made["edit"]


def test_a_picture_is_edited_with_the_condition_of_the_next_one(data: Any, cache_dir: str) -> None:
    edit = Darkens(1)
    suite(edit, cache_dir).evaluate(Denoising(), data)
    assert edit.labels == [(i + 1) % 20 % 10 for i in range(20)]


def test_pictures_are_drawn_above_their_results_where_there_is_a_folder(
    data: Any, cache_dir: str, tmp_path: Path
) -> None:  # fmt: skip
    scores = suite(Darkens(5), cache_dir).evaluate(Denoising(), data, out_dir=tmp_path)
    assert scores == suite(Darkens(5), cache_dir).evaluate(Denoising(), data)
    assert [path.name for path in tmp_path.iterdir()] == ["edited.png"]


def test_a_result_depends_on_the_seed_and_its_number_alone(data: Any, cache_dir: str) -> None:
    small, whole = Darkens(1), Darkens(1)
    suite(small, cache_dir, batch_size=3).evaluate(Denoising(), data)
    suite(whole, cache_dir, batch_size=20).evaluate(Denoising(), data)
    assert small.noise == whole.noise
    assert len(set(whole.noise)) == 20


def test_a_model_that_cannot_be_edited_has_no_score(data: Any, cache_dir: str, copying: type) -> None:
    with pytest.raises(ValueError, match="edits"):
        suite(Darkens(1), cache_dir).evaluate(copying(data), data)
