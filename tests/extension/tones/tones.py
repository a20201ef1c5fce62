"""Tones as waves: a data set of sounds, a network of one dimension, and an extractor that hears their spectrum."""

import torch
from torch import nn

from genlab.data.items import Items
from genlab.data.resident_data import ResidentData
from genlab.metrics.extractors.extractor import Activations, Extractor
from genlab.modalities.audio import Audio

RATE = 8000


class Tones(ResidentData):
    """One tone each, of 200 to 1000 hertz, that fades away within 64 ms."""

    name, modality = "tones", Audio(RATE)

    def load(self, split):
        n = {"train": 96, "val": 16, "test": 24}[split]
        seconds, pitch = torch.arange(512) / RATE, torch.linspace(200, 1000, n)[:, None, None]
        wave = 0.8 * torch.sin(2 * torch.pi * pitch * seconds) * torch.exp(-40 * seconds)
        return Items(self.modality.to_stored(wave))


class Wavenet(nn.Module):
    """(batch, 1, samples) -> the same: dilated convolutions, which are told the noise level."""

    def __init__(self, width: int = 16, depth: int = 5):
        super().__init__()
        self.first, self.last = nn.Conv1d(2, width, 5, padding=2), nn.Conv1d(width, 1, 1)
        self.hidden = nn.ModuleList(nn.Conv1d(width, width, 3, padding=2**k, dilation=2**k) for k in range(depth))

    def forward(self, x, level, condition=None):
        h = self.first(torch.cat([x, (level.log1p() / 7)[:, None, None].expand_as(x)], 1))
        for layer in self.hidden:
            h = h + layer(nn.functional.silu(h))
        return self.last(h)


class Bands(nn.Module):
    """Loudness in 16 bands of frequency."""

    def forward(self, stored):
        spectrum = torch.fft.rfft(stored.float() / 32768).abs().mean(1)[:, :256]
        return Activations(spectrum.reshape(len(stored), 16, 16).mean(2), None)


class Spectrum(Extractor):
    name, resize, modality, identity = "spectrum", "none", frozenset({"audio"}), ("spectrum",)

    def check(self, data, report=None):
        pass

    def load(self, data, report):
        return Bands(), "no weights"
