"""Maps of tokens from hidden or random ones: MaskGIT, Paella, D3PM, MUSE.

Papers: https://arxiv.org/abs/2202.04200, https://arxiv.org/abs/2211.07292, https://arxiv.org/abs/2107.03006,
https://arxiv.org/abs/2301.00704
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Any, Protocol

import torch
from torch import Tensor, nn

from genlab.conditioning.condition import Conditioner, of_input
from genlab.conditions import asks_of
from genlab.denoisers.restorer import Restorer
from genlab.guidance.guidance import Guidance
from genlab.models.autoregressive import IntegerCodec
from genlab.models.diffusion import Diffusion
from genlab.objectives.denoising import Objective
from genlab.objectives.tokens import bound
from genlab.processes.masking import Masking
from genlab.processes.uniform_tokens import UniformTokens
from genlab.protocols import Conditions
from genlab.randomness import Randomness
from genlab.ranges import PositiveInt, Rate, Seed
from genlab.samplers.sampler import Sampler


class TokenCodec(IntegerCodec, Protocol):
    """Images <-> integers, and what a `Diffusion` asks of a codec."""

    dtype: torch.dtype
    of_pixels: bool


class NetworkOf(Protocol):
    """Makes a network for a codec (`_partial_: true` in a config)."""

    def __call__(self, *, shape: tuple[int, int, int], num_values: int, num_classes: int | None) -> nn.Module: ...


class ProcessOf(Protocol):
    """Makes a process of tokens with so many values (`_partial_: true` in a config)."""

    def __call__(self, *, num_values: int) -> Masking | UniformTokens: ...


class TokenDiffusion(Diffusion):
    """Diffusion of integers: of the codes of a VQ-VAE, or of pixels in few levels.

    The denoiser's estimate is the logits of the clean tokens, which guidance mixes as it mixes pictures.

    Args:
        network: makes what gives the logits.
        process: makes what is done to tokens.
        codec: images <-> integers; it says how many and with how many values.
        objective, conditioner, sampler, guidance: see Diffusion.
        optimizer, ema_decay, seed: see GenerativeModule.
    """

    def __init__(
        self,
        network: NetworkOf,
        process: ProcessOf,
        codec: TokenCodec,
        objective: Objective,
        conditioner: Conditioner,
        sampler: Sampler,
        guidance: Guidance,
        optimizer: Callable[[Iterable[nn.Parameter]], torch.optim.Optimizer],
        ema_decay: Rate | None = None,
        seed: Seed = 0,
    ) -> None:
        made = network(shape=codec.shape, num_values=codec.num_values, num_classes=conditioner.num_classes)
        super().__init__(
            Restorer(made, process(num_values=codec.num_values)), objective, conditioner, sampler, guidance, codec,
            None, optimizer, None, ema_decay, seed,
        )  # fmt: skip
        self.num_embeddings = codec.num_values
        if getattr(sampler.solver, "settles_tokens", False) and sampler.steps > math.prod(codec.shape):
            raise ValueError(
                f"sampler.steps={sampler.steps} must not exceed the {math.prod(codec.shape)} tokens of a picture: each "
                f"step of {type(sampler.solver).__name__} decides one or more"
            )

    @torch.no_grad()
    def codes(self, x: Tensor) -> Tensor:
        """(batch, channels, height, width) int64: the tokens of each image."""
        return self.codec.encode(x)

    @torch.no_grad()
    def decode(self, codes: Tensor) -> Tensor:
        """(batch, channels, height, width) tokens -> images in [-1, 1]. Raises ValueError for a token out of range."""
        if codes.numel() and not 0 <= int(codes.min()) <= int(codes.max()) < self.num_embeddings:
            wrong = next(int(code) for code in codes.flatten() if not 0 <= code < self.num_embeddings)
            raise ValueError(f"{wrong} is no token of this model: they are 0 to {self.num_embeddings - 1}")
        return self.codec.decode(codes)

    @torch.no_grad()
    def sample_codes(self, n: int, condition: Conditions = None, *, generator: Randomness = None) -> Tensor:
        """(n, channels, height, width) int64."""
        *_, last = self.trajectory(n, condition, generator=generator)
        return last.x

    @torch.no_grad()
    def nll(self, x: Tensor, condition: Conditions = None, *, steps: PositiveInt = 16) -> Tensor:
        """(batch,): an upper bound on -log p of the encoded images in nats, without guidance; see objectives.tokens.

        It is a likelihood of the codec's integers: of code maps, not of images, where these are a VQ-VAE's.
        """
        told = condition if "label" in asks_of(self) else None
        prepared = of_input(self.conditioner, len(x), told, self.device)
        process: Any = self.denoiser.process
        return bound(self.denoiser, process, self.codec.encode(x), prepared, steps)

    def dimensions(self, x: Tensor) -> int:
        """How many integers an encoded image has: `nats` bounds the probability of these."""
        return math.prod(self.shape)
