"""A small classifier of a data set's sounds, by their spectrograms: features where no public network knows them."""

from __future__ import annotations

import re
from typing import Any

import torch
from torch import Tensor, nn

from genlab.codecs.mel import Mel
from genlab.metrics.cache import Tensors
from genlab.metrics.extractors.classifier import OwnClassifier, hits
from genlab.metrics.extractors.extractor import Activations, Report
from genlab.metrics.extractors.trained import Lesson

_SIDE = 64
"""Frames and mel bands of what it looks at, whatever codec a model has."""
_BATCH = 256


class Heard(nn.Module):
    """Stored waves (batch, 1, samples) int16 -> uint8 pictures (batch, 1, 64, about 64) of their mel spectrograms.

    Args:
        rate: samples a second.
        samples: of a clip.
    """

    def __init__(self, rate: int, samples: int) -> None:
        super().__init__()
        hop = max(1, samples // (_SIDE - 1) - (samples % (_SIDE - 1) == 0))
        n_fft = max(4 * hop, 2 * _SIDE)
        self.mel = Mel(rate, samples, 1 + samples // hop, _SIDE, n_fft, hop, top_db=80, reference="full_scale")

    def forward(self, stored: Tensor) -> Tensor:
        pictures = self.mel.encode(stored.float() / 32768)
        return ((pictures + 1) * 127.5).round().to(torch.uint8)


class Listener(nn.Module):
    """A network of pictures that is given waves."""

    def __init__(self, heard: Heard, network: nn.Module) -> None:
        super().__init__()
        self.heard, self.network = heard, network

    def forward(self, stored: Tensor) -> Activations:
        seen: Activations = self.network(self.heard(stored))
        return seen


class SoundClassifier(OwnClassifier):
    """The classifier that genlab trains on the labels of the training split's sounds, and keeps with its test accuracy.

    It looks at 64 mel bands from silence, 80 dB below full scale, up, whatever the model's own codec is. As of
    OwnClassifier its scores compare models of one data set: the data's name takes the place of "sounds".
    """

    knows_classes = True
    reads_floats = False
    resize = "mel spectrogram of 64 bands, 80 dB"
    modality = frozenset({"audio"})
    kind, stream = "own sound classifier", "sound classifier"

    def check(self, data: Any, report: Report = None) -> None:
        if not data.num_classes:
            raise ValueError(
                f"extractor={self.name} learns the data set's labels, and {data.name} has none: give "
                "dataset.num_classes, or metrics=none"
            )
        self.prepare(data, report=report)

    def lesson(self, data: Any) -> Lesson:
        if self.name == "sounds":
            self.name = re.sub(r"\W+", "_", data.name)
        waves, labels = data.items("train")
        return self.of_labels(_pictures(waves, data), labels.cpu(), data.num_classes)

    def examined(self, network: nn.Module, data: Any) -> Tensors:
        waves, labels = data.items("test")
        return {"test_accuracy": hits(network, _pictures(waves, data), labels).double().mean()}

    def load(self, data: Any, report: Report) -> tuple[nn.Module, str]:
        network, sha256 = super().load(data, report)
        return Listener(Heard(data.modality.rate, data.shape[-1]), network), sha256


@torch.no_grad()
def _pictures(waves: Tensor, data: Any) -> Tensor:
    heard = Heard(data.modality.rate, data.shape[-1])
    return torch.cat([heard(part) for part in waves.cpu().split(_BATCH)])
