"""A part of the data is known: inpainting.

Papers: https://arxiv.org/abs/2011.13456, https://arxiv.org/abs/2201.09865
"""

from __future__ import annotations

from torch import Tensor, where

from genlab.processes.process import Process
from genlab.randomness import Randomness


class KnownRegion:
    """(x_s, s) -> x_s with the known part replaced by the known data, corrupted to s; exactly those at s = 0.

    Where the process shows what is known (`shows_known`), as masking does, it is exactly those at all times.

    Song et al. 2021, "Score-based generative modeling ...", appendix I.2; with the sampler's grid rising now and then
    (`sampler=repaint`) it is RePaint (Lugmayr et al. 2022, eq. 8).

    Args:
        process: what is done to the data.
        known: (batch, ...), clean; anything where it is not known.
        mask: true where it is known; of the shape of `known`, or with 1 in place of batch or channel.
        generator: of the noise, fresh at every step.
        noise: of the shape of `known`: one noise for all steps, in place of fresh ones (as diffusers inpaints).
    """

    def __init__(
        self, process: Process, known: Tensor, mask: Tensor, generator: Randomness = None,
        noise: Tensor | None = None,
    ) -> None:  # fmt: skip
        check_mask(mask, known)
        self.noise = noise
        self.process, self.known, self.mask, self.generator = process, known, mask.bool(), generator

    def __call__(self, x: Tensor, s: Tensor) -> Tensor:
        is_shown = s == 0 or getattr(self.process, "shows_known", False)
        replacement = self.known if is_shown else self.process.corrupt(self.known, s, self.noise, self.generator)
        return where(self.mask, replacement, x)


def check_mask(mask: Tensor, known: Tensor) -> None:
    """Raise ValueError unless `mask` covers `known`: 1 or the same in batch and channel, the same in all else."""
    expected, got = tuple(known.shape), tuple(mask.shape)
    fits = len(got) == len(expected) and all(
        g == w or (g == 1 and dim < max(1, len(expected) - 2))
        for dim, (g, w) in enumerate(zip(got, expected, strict=True))
    )
    if not fits:
        raise ValueError(f"a mask of shape {got} does not fit data of shape {expected}: true where the data are known")
