"""Randomness that is counted, not carried: any number depends on a seed and its place alone.

`fold_in` derives a seed from a seed and counters (an epoch, a step). `PerImage` gives each image of a batch its own
stream, so that neither the batch size nor the number of devices changes a picture. The stream is Philox 4x32-10
(Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3"), computed with integer tensor operations: the
same bits on every device, without a host-device copy.

Paper: https://doi.org/10.1145/2063384.2063405
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence

import torch
from torch import Tensor

_MASK = 0xFFFFFFFF
_MULTIPLIERS = (0xD2511F53, 0xCD9E8D57)
_WEYL = (0x9E3779B9, 0xBB67AE85)
_ROUNDS = 10


def fold_in(seed: int, *counters: int | str) -> int:
    """A seed in [0, 2**63) that depends on `seed` and every counter, order included."""
    text = "/".join(str(part) for part in (seed, *counters))
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "little") >> 1


def philox(counter: Tensor, key: Tensor) -> Tensor:
    """Philox 4x32-10. counter: (..., 4), key: (..., 2), int64 holding unsigned 32-bit words -> (..., 4) likewise."""
    c0, c1, c2, c3 = counter.unbind(-1)
    k0, k1 = key.unbind(-1)
    for _ in range(_ROUNDS):
        p0, p1 = c0 * _MULTIPLIERS[0], c2 * _MULTIPLIERS[1]  # 64-bit products; the sign bit is only the top bit
        c0, c1, c2, c3 = ((p1 >> 32) & _MASK) ^ c1 ^ k0, p1 & _MASK, ((p0 >> 32) & _MASK) ^ c3 ^ k1, p0 & _MASK
        k0, k1 = (k0 + _WEYL[0]) & _MASK, (k1 + _WEYL[1]) & _MASK
    return torch.stack([c0, c1, c2, c3], dim=-1)


class PerImage:
    """One random stream for each image of a batch; every draw advances all of them by one.

    Args:
        seeds: a seed in [0, 2**63) for each image.
        device: where the numbers are made.
    """

    def __init__(self, seeds: Sequence[int] | Tensor, device: torch.device | str = "cpu") -> None:
        seeds = torch.as_tensor(seeds, dtype=torch.int64, device=device)
        self._key = torch.stack([seeds & _MASK, seeds >> 32], dim=-1)  # (batch, 2)
        self._draws = 0

    @classmethod
    def range(cls, seed: int, start: int, stop: int, device: torch.device | str = "cpu") -> PerImage:
        """Streams for the images start, ..., stop - 1 of the set that `seed` names."""
        return cls([fold_in(seed, "image", i) for i in range(start, stop)], device)

    def __len__(self) -> int:
        return len(self._key)

    def _words(self, shape: Sequence[int]) -> Tensor:
        """(batch, 4, blocks) random 32-bit words, at least prod(shape[1:]) for each image."""
        if shape[0] != len(self):
            raise ValueError(f"a draw of shape {tuple(shape)} needs {shape[0]} streams; this generator has {len(self)}")
        blocks = -(-math.prod(shape[1:]) // 4)
        index = torch.arange(blocks, device=self._key.device)
        counter = torch.stack([index, torch.full_like(index, self._draws), *torch.zeros_like(index).expand(2, -1)], -1)
        self._draws += 1
        return philox(counter[None], self._key[:, None]).movedim(-1, 1)

    def _shaped(self, values: Tensor, shape: Sequence[int]) -> Tensor:
        return values.reshape(len(self), -1)[:, : math.prod(shape[1:])].reshape(shape)

    def uniform(self, shape: Sequence[int]) -> Tensor:
        """Uniform numbers in [0, 1), float32, of `shape` (batch, ...)."""
        return self._shaped((self._words(shape) >> 8).float() * 2.0**-24, shape)

    def normal(self, shape: Sequence[int]) -> Tensor:
        """Standard normal numbers, float32, of `shape` (batch, ...), by Box and Muller's transform."""
        words = self._words(shape)
        radius = (-2 * (((words[:, :2] >> 8).float() + 0.5) * 2.0**-24).log()).sqrt()
        angle = (words[:, 2:] >> 8).float() * (2 * math.pi * 2.0**-24)
        return self._shaped(torch.cat([radius * angle.cos(), radius * angle.sin()], dim=1), shape)


Randomness = PerImage | torch.Generator | None
"""Where random numbers come from: a stream for each image, one generator, or torch's global state."""


def randn(
    shape: Sequence[int], generator: Randomness = None, device: torch.device | str | None = None,
    dtype: torch.dtype | None = None,
) -> Tensor:  # fmt: skip
    """Standard normal numbers of `shape`, whatever the source."""
    if isinstance(generator, PerImage):
        return generator.normal(shape).to(device=device, dtype=dtype)
    return torch.randn(tuple(shape), generator=generator, device=device, dtype=dtype)


def rand(
    shape: Sequence[int], generator: Randomness = None, device: torch.device | str | None = None,
    dtype: torch.dtype | None = None,
) -> Tensor:  # fmt: skip
    """Uniform numbers in [0, 1) of `shape`, whatever the source."""
    if isinstance(generator, PerImage):
        return generator.uniform(shape).to(device=device, dtype=dtype)
    return torch.rand(tuple(shape), generator=generator, device=device, dtype=dtype)


def randn_like(x: Tensor, generator: Randomness = None) -> Tensor:
    """Standard normal numbers of the shape, device and dtype of `x`."""
    return randn(x.shape, generator, x.device, x.dtype)


def categorical(logits: Tensor, uniform: Tensor) -> Tensor:
    """(batch, K, ...) logits and uniform numbers (batch, ...) in [0, 1) -> values (batch, ...) in 0, ..., K - 1.

    By inverting the cumulative distribution.
    """
    cumulative = logits.float().softmax(1).cumsum(1)
    return (cumulative < uniform[:, None] * cumulative[:, -1:]).sum(1).clamp_max(logits.shape[1] - 1)
