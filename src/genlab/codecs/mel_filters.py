"""The mel scale of Slaney's Auditory Toolbox, and its triangular filters, as librosa has them.

Report: https://engineering.purdue.edu/~malcolm/interval/1998-010/
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

_LINEAR = 200 / 3
"""Hertz a mel, up to 1,000 Hz, which is 15 mel; above, 27 mel are a factor of 6.4."""
_KNEE, _MEL = 1000.0, 15.0
_STEP = math.log(6.4) / 27


def hertz_to_mel(hertz: Tensor) -> Tensor:
    return torch.where(hertz < _KNEE, hertz / _LINEAR, _MEL + (hertz.clamp(min=1.0) / _KNEE).log() / _STEP)


def mel_to_hertz(mel: Tensor) -> Tensor:
    return torch.where(mel < _MEL, mel * _LINEAR, _KNEE * ((mel - _MEL) * _STEP).exp())


def mel_filters(sample_rate: int, n_fft: int, n_mels: int) -> Tensor:
    """(n_mels, n_fft / 2 + 1) float64: triangles between equal steps of mel from 0 to half the rate, each of area 2 in
    hertz."""
    highest = torch.tensor([0.0, sample_rate / 2], dtype=torch.float64)
    low, high = hertz_to_mel(highest).tolist()
    edges = mel_to_hertz(torch.linspace(low, high, n_mels + 2, dtype=torch.float64))[:, None]
    hertz = torch.linspace(0, sample_rate / 2, n_fft // 2 + 1, dtype=torch.float64)
    rising = (hertz - edges[:-2]) / (edges[1:-1] - edges[:-2])
    falling = (edges[2:] - hertz) / (edges[2:] - edges[1:-1])
    return torch.minimum(rising, falling).clamp(min=0) * (2 / (edges[2:] - edges[:-2]))
