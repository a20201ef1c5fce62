"""Sounds to look at: their loudness over time and frequency."""

from __future__ import annotations

from typing import TYPE_CHECKING

from genlab.modalities.figures import pixels_of

if TYPE_CHECKING:
    from torch import Tensor

    from genlab.modalities.grids import Pixels

_RANGE = 80.0
"""Decibels from black to white."""
_COLUMNS = 4


def decibels(waves: Tensor, hops: int = 128) -> Tensor:
    """(n, samples) in [-1, 1] -> (n, frequencies, frames) in [0, 1]: 1 is a tone of full scale, 0 is 80 dB below it.

    Args:
        hops: about how many frames there are to be.
    """
    import torch

    hop = max(1, waves.shape[1] // hops)
    n_fft = 1 << max(4, (4 * hop - 1).bit_length())  # a power of two, four hops and more
    window = torch.hann_window(n_fft)
    power = torch.stft(waves, n_fft, hop, window=window, pad_mode="constant", return_complex=True).abs().square()
    full_scale = (n_fft / 4) ** 2
    return (1 + 10 * (power / full_scale).clamp(min=1e-10).log10() / _RANGE).clamp(0, 1)


def spectrograms(waves: Tensor, rate: int) -> Pixels:
    """(n, samples) in [-1, 1] -> a picture of their spectrograms, with axes in seconds and hertz."""
    from matplotlib.figure import Figure

    n, columns = len(waves), min(len(waves), _COLUMNS)
    rows = -(-n // columns)
    figure = Figure(figsize=(2.6 * columns, 2 * rows), dpi=100, layout="constrained")
    seconds = waves.shape[1] / rate
    for k, seen in enumerate(decibels(waves.cpu())):
        axes = figure.add_subplot(rows, columns, k + 1)
        extent = (0.0, seconds, 0.0, rate / 2)
        axes.imshow(seen.numpy(), origin="lower", aspect="auto", extent=extent, cmap="magma", vmin=0, vmax=1)
        axes.tick_params(labelsize=7)
        if k % columns == 0:
            axes.set_ylabel("Hz", fontsize=7)
        if k >= n - columns:
            axes.set_xlabel("s", fontsize=7)
    return pixels_of(figure)
