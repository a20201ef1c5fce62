"""Scores of sounds: where their energy lies, what their codec loses, what a classifier of their own hears."""

from __future__ import annotations

import math
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from genlab.codecs.identity import Identity
from genlab.data.items import Items
from genlab.data.resident_data import ResidentData
from genlab.metrics.codec_distance import CodecDistance, log_spectral_distance
from genlab.metrics.compare import comparable
from genlab.metrics.extractors.sounds import Heard, SoundClassifier
from genlab.metrics.frechet_audio import FrechetAudioDistance
from genlab.metrics.spectral_shape import SpectralShape, spectral_shape
from genlab.metrics.suite import Suite
from genlab.modalities.audio import Audio

RATE, SAMPLES = 8000, 1024
SECONDS = torch.arange(SAMPLES) / RATE


def tones(hertz: torch.Tensor) -> torch.Tensor:
    return Audio(RATE).to_stored(0.5 * torch.sin(2 * math.pi * hertz[:, None, None] * SECONDS))


class Tones(ResidentData):
    """Low and high tones."""

    name, num_classes, modality = "tones", 2, Audio(RATE)

    def load(self, split: str) -> Items:
        n = {"train": 40, "val": 8, "test": 20}[split]
        labels = torch.arange(n) % 2
        return Items(tones(300 + 1500 * labels + torch.linspace(0, 300, n)), labels)


class Player:
    """Draws test sounds of the class asked for, and is told of their codec."""

    num_classes, device, codec = 2, torch.device("cpu"), Identity()

    def __init__(self, data: Any) -> None:
        self.modality, (self.stored, self.labels) = data.modality, data.items("test")

    def sample(self, n: int, condition: Any = None, *, generator: Any = None) -> torch.Tensor:
        row = (generator.uniform((n, 1))[:, 0] * 10).long() * 2 + condition
        return self.modality.to_model(self.stored[row])


def test_the_shape_of_a_tone_of_noise_and_of_silence() -> None:
    generator = torch.Generator().manual_seed(0)
    noise = (torch.randn(1, 1, SAMPLES, generator=generator) * 3000).to(torch.int16)
    waves = torch.cat([tones(torch.tensor([1000.0, 3000.0])), noise, torch.zeros(1, 1, SAMPLES, dtype=torch.int16)])
    shape = spectral_shape(waves, RATE, 2000)
    assert shape.crispness.tolist() == pytest.approx([0, 1, 0.5, 0], abs=0.06)
    assert shape.centroid.tolist() == pytest.approx([1000, 3000, 2000, 0], rel=0.05)
    assert shape.flatness[2].item() == pytest.approx(math.exp(-0.5772), abs=0.05)  # of exponential powers
    assert shape.flatness[0] < 1e-3
    assert shape.flatness[3] == 0


def test_the_log_spectral_distance_is_that_of_a_gain_in_decibels() -> None:
    wave = 0.5 * torch.randn(2, 4096, generator=torch.Generator().manual_seed(0)) / 3
    assert log_spectral_distance(wave, wave).tolist() == [0, 0]
    assert log_spectral_distance(wave, wave / 2).tolist() == pytest.approx([20 * math.log10(2)] * 2, rel=1e-3)
    late = torch.cat([wave, torch.zeros(2, 8192)], 1)  # silence is not compared
    noisy = late + 1e-3 * torch.randn(late.shape, generator=torch.Generator().manual_seed(1))
    assert log_spectral_distance(late, noisy).max() < 2


def test_a_classifier_of_their_own_hears_the_class_of_sounds(tmp_path: Path) -> None:
    data = Tones()
    extractor = SoundClassifier("sounds", str(tmp_path), 16, 20, 20, 0.01, 0)
    metrics = {
        "fad": FrechetAudioDistance(extractor), "spectral_shape": SpectralShape(1000), "lsd_codec": CodecDistance()
    }  # fmt: skip
    suite = Suite(metrics, 40, 20, 0, "test", str(tmp_path))
    found = suite.evaluate(Player(data), data)
    assert found.unscored == {}
    assert set(found) == {"fad_tones", "crispness", "centroid", "flatness", "lsd_codec"}
    assert extractor.test_accuracy > 0.9
    logits = extractor.logits(data.items("test")[0])
    assert logits is not None
    assert (logits.argmax(1) == data.items("test")[1]).float().mean() == extractor.test_accuracy
    assert found["lsd_codec"].value == 0
    assert found["crispness"].value == pytest.approx(1, abs=0.3)
    assert found["fad_tones"].measured["rate"] == RATE
    other = Suite({"it": SpectralShape(500)}, 40, 20, 0, "test", str(tmp_path)).evaluate(Player(data), data)
    assert not comparable(other["crispness"], found["crispness"])


def test_pictures_that_are_heard_are_64_bands_of_any_clip() -> None:
    for rate, samples in ((16000, 16383), (8000, 1024), (22050, 65535)):
        assert Heard(rate, samples)(torch.zeros(1, 1, samples, dtype=torch.int16)).shape[1:3] == (1, 64)


def test_sounds_without_labels_have_no_classifier(tmp_path: Path) -> None:
    data = SimpleNamespace(num_classes=None, name="rain")
    with pytest.raises(ValueError, match=r"extractor=sounds learns the data set's labels, and rain has none"):
        SoundClassifier("sounds", str(tmp_path), 16, 30, 20, 0.01, 0).check(data)
