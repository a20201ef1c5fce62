"""The latent metric on codes whose structure is known: the class itself, and noise."""

import json
from typing import Any

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from genlab.data.digits import Digits
from genlab.data.image_datamodule import ImageDataModule
from genlab.metrics.latent import LatentStructure
from genlab.metrics.suite import Suite


class Knowing:
    """Encodes a digit as its class on a line, with the given noise around it. Digits are looked up by their pixels."""

    num_classes = None

    def __init__(self, data: Any, noise: float) -> None:
        pixels, labels = data.items("test")
        self.known = {p.numpy().tobytes(): float(c) for p, c in zip(pixels, labels, strict=True)}
        self.noise = noise

    def encode(self, x: torch.Tensor, condition: Any = None) -> torch.Tensor:
        pixels = ((x + 1) * 127.5).round().to(torch.uint8)
        place = torch.tensor([self.known[p.numpy().tobytes()] for p in pixels])
        generator = torch.Generator().manual_seed(0)
        return F.pad(place[:, None], (0, 1)) + self.noise * torch.randn(len(x), 2, generator=generator)


def scored(noise: float, folder: Any, **of_data: Any) -> dict[str, Any]:
    data = ImageDataModule(Digits(), 1, 8, 10, 64, test_size=0.3, **of_data)
    suite = Suite({"latent": LatentStructure()}, 400, 100, 0, "test", str(folder))
    return suite.evaluate(Knowing(data, noise), data, out_dir=folder)


def test_codes_that_say_the_class_part_the_classes_and_noise_does_not(tmp_path):
    clear, vague = (scored(noise, tmp_path / str(noise))["latent_silhouette"] for noise in (0.05, 2.0))
    assert clear.value > 0.8 > 0.2 > vague.value
    assert clear.low < clear.value < clear.high
    assert clear.n == 400


def test_the_folder_says_who_is_near_whom(tmp_path):
    score = scored(0.05, tmp_path)["latent_silhouette"]
    found = json.loads((tmp_path / "latent.json").read_text())
    assert found["silhouette"] == pytest.approx(score.value)
    assert found["nearest"]["0"] == [1, 2, 3]  # the classes lie on a line, in order
    assert found["nearest"]["9"] == [8, 7, 6]
    assert np.asarray(found["distances"]).shape == (10, 10)
    assert (tmp_path / "samples" / "latent.png").stat().st_size > 10_000


def test_scores_of_two_models_can_be_compared(tmp_path):
    """What was found is no part of how it was measured: equal provenance, or a report would not rank them."""
    clear, vague = (scored(noise, tmp_path / str(noise))["latent_silhouette"] for noise in (0.05, 2.0))
    assert (clear.measured, clear.made) == (vague.measured, vague.made)


def test_one_class_has_no_structure(tmp_path):
    assert scored(0.05, tmp_path, classes=3) == {}
