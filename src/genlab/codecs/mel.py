"""Sounds as pictures of their mel spectrograms, and back by Griffin-Lim."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import torch
from torch import Tensor, nn

from genlab.codecs.mel_filters import mel_filters
from genlab.ranges import NonNegativeInt, PositiveFloat, PositiveInt

_LEAST = 1e-10
"""Power below which all is silence."""
_MOMENTUM = 0.99
"""Alpha of the fast Griffin-Lim algorithm, the largest that its authors advise."""
_STEPS = 30
"""From mel bands to frequencies: multiplicative updates of the least squares."""


class Mel(nn.Module):
    """(batch, 1, samples) in [-1, 1] <-> (batch, 1, y_res, x_res) in [-1, 1]: decibels in mel bands over time.

    z = 1 + 2 (10 log10(B |STFT x|^2 / P)) / top_db, at least -1, with Slaney's mel filters B and the power P that is
    1. Row 0 is the lowest band. What is more than top_db below P is silence, and -1.

    Back: the power of each frequency is the non-negative least-squares solution of B p = P 10^(...), found by
    multiplicative updates (Lee & Seung 2001, https://papers.nips.cc/paper/1861-algorithms-for-non-negative-matrix-factorization),
    and the phases are those of the fast Griffin-Lim algorithm (Perraudin et al. 2013,
    https://doi.org/10.1109/WASPAA.2013.6701851) from phases of zero: the same z gives the same sound. It needs frames
    that overlap by three quarters, hop_length <= n_fft / 4, or it diverges.

    The defaults are those of AudioDiffusion's `Mel` (https://github.com/teticio/audio-diffusion).

    Args:
        sample_rate: of the data.
        samples: of a clip, such that there are `x_res` frames: (x_res - 1) hop_length to x_res hop_length - 1.
        x_res: frames of a clip, the width of its picture.
        y_res: mel bands, the height.
        n_fft: samples of a frame.
        hop_length: samples from frame to frame.
        top_db: decibels from -1 to 1.
        n_iter: of Griffin-Lim.
        reference: what power is 1: "clip", the loudest of each clip, which forgets how loud it was; or "full_scale",
            that of a sine of full scale.
        channels, size: what a network asks for: 1, and [y_res, x_res].
    """

    dtype = torch.float32
    of_pixels = False
    is_bounded = True
    """Whether what a model sees lies in [-1, 1] all the same."""

    def __init__(
        self, sample_rate: PositiveInt, samples: PositiveInt, x_res: PositiveInt = 256, y_res: PositiveInt = 256,
        n_fft: PositiveInt = 2048, hop_length: PositiveInt = 512, top_db: PositiveFloat = 80,
        n_iter: NonNegativeInt = 32, reference: Literal["clip", "full_scale"] = "full_scale",
        channels: Literal[1] = 1, size: Sequence[PositiveInt] | None = None,
    ) -> None:  # fmt: skip
        super().__init__()
        if (frames := 1 + samples // hop_length) != x_res:
            raise ValueError(f"codec.x_res={x_res}, and dataset.samples={samples} make {frames} frames")
        if 4 * hop_length > n_fft:
            raise ValueError(f"codec.hop_length={hop_length} must be at most codec.n_fft / 4 = {n_fft / 4:g}")
        self.shape = (channels, y_res, x_res)
        self.samples, self.n_fft, self.hop_length = samples, n_fft, hop_length
        self.top_db, self.n_iter, self.reference = top_db, n_iter, reference
        filters = mel_filters(sample_rate, n_fft, y_res)
        self.full_scale = (n_fft / 4) ** 2 * float(filters.max())
        """The power of a sine of amplitude 1 in the band that takes most of it."""
        buffers = {"window": torch.hann_window(n_fft), "filters": filters.float()}
        buffers["inverse"] = torch.linalg.pinv(filters).float()
        for name, buffer in buffers.items():
            self.register_buffer(name, buffer, persistent=False)
        self.window: Tensor
        self.filters: Tensor
        self.inverse: Tensor

    def encode(self, x: Tensor) -> Tensor:
        power = self.filters @ self.stft(x[:, 0]).abs().square()  # (batch, y_res, x_res)
        loudest = power.amax((1, 2), keepdim=True) if self.reference == "clip" else power.new_tensor(self.full_scale)
        decibels = 10 * (power.clamp(min=_LEAST) / loudest.clamp(min=_LEAST)).log10()
        return (1 + 2 * decibels / self.top_db).clamp(-1, 1)[:, None]

    def decode(self, z: Tensor) -> Tensor:
        return self.sounding(self.magnitude(z.float().clamp(-1, 1)))[:, None].clamp(-1, 1)

    def magnitude(self, z: Tensor) -> Tensor:
        """(batch, 1, y_res, x_res) -> |STFT| (batch, n_fft / 2 + 1, x_res); silence where z is -1."""
        loudest = 1.0 if self.reference == "clip" else self.full_scale
        power = loudest * 10 ** ((z[:, 0] - 1) * (self.top_db / 20))
        power = torch.where(z[:, 0] > -1, power, 0.0)
        found = (self.inverse @ power).clamp(min=0) + _LEAST * loudest
        wanted = self.filters.T @ power
        for _ in range(_STEPS):
            found = found * wanted / (self.filters.T @ (self.filters @ found)).clamp(min=1e-20)
        return found.sqrt()

    def sounding(self, magnitude: Tensor) -> Tensor:
        """|STFT| (batch, frequencies, x_res) -> (batch, samples), by fast Griffin-Lim from phases of zero."""
        phase, before = torch.complex(torch.ones_like(magnitude), torch.zeros_like(magnitude)), None
        for _ in range(self.n_iter):
            now = self.stft(self.istft(magnitude * phase))
            ahead = now if before is None else now - before * (_MOMENTUM / (1 + _MOMENTUM))
            phase, before = ahead / (ahead.abs() + 1e-16), now
        return self.istft(magnitude * phase)

    def stft(self, x: Tensor) -> Tensor:
        """(batch, samples) -> (batch, n_fft / 2 + 1, x_res) complex; frames stand around their middle."""
        return torch.stft(
            x, self.n_fft, self.hop_length, window=self.window, center=True, pad_mode="constant", return_complex=True
        )  # fmt: skip

    def istft(self, z: Tensor) -> Tensor:
        return torch.istft(z, self.n_fft, self.hop_length, window=self.window, center=True, length=self.samples)
