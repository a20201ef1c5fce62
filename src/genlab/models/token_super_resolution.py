"""Fine tokens from coarse ones, the second stage of MUSE.

Paper: https://arxiv.org/abs/2301.00704
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from typing import Any, Protocol

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from genlab.conditioning.condition import Condition, Conditioner, of_batch, of_input
from genlab.conditions import ConditionTensors
from genlab.data.batch import Batch
from genlab.first_stage import trained
from genlab.guidance.guidance import Guidance
from genlab.models.token_diffusion import ProcessOf, TokenCodec, TokenDiffusion
from genlab.objectives.denoising import Objective
from genlab.objectives.tokens import bound
from genlab.protocols import Conditions
from genlab.randomness import Randomness
from genlab.ranges import PositiveInt, Rate, Seed
from genlab.samplers.sampler import Sampler
from genlab.samplers.trajectory import Constraint, Moment


class RefinerOf(Protocol):
    """Makes a network that also reads coarse tokens, for a codec (`_partial_: true` in a config)."""

    def __call__(
        self, *, shape: tuple[int, int, int], num_values: int, num_classes: int | None,
        coarse_values: int, coarse_channels: int,
    ) -> nn.Module: ...  # fmt: skip


class TokenSuperResolution(TokenDiffusion):
    """Token diffusion of a fine codec, given the tokens of a base model (Chang et al. 2023, section 2.5).

    It is trained on the base model's tokens of the data, and samples with those that the base model draws, of the same
    text. The coarse tokens lie, each repeated, at the places of the fine ones (`channels` of a condition); MUSE reads
    them by cross-attention instead. Guidance leads away from no text; the coarse tokens are given on both sides.

    Args:
        base: model=muse, trained; it stays as it is.
        network: makes what gives the logits, and reads coarse tokens.
        base_checkpoint: file with the base model's weights; None takes `base` as it is.
        process, codec, objective, conditioner, sampler, guidance: see TokenDiffusion.
        optimizer, ema_decay, seed: see GenerativeModule.
    """

    def __init__(
        self,
        base: nn.Module,
        network: RefinerOf,
        process: ProcessOf,
        codec: TokenCodec,
        objective: Objective,
        conditioner: Conditioner,
        sampler: Sampler,
        guidance: Guidance,
        optimizer: Callable[[Iterable[nn.Parameter]], torch.optim.Optimizer],
        base_checkpoint: str | None = None,
        ema_decay: Rate | None = None,
        seed: Seed = 0,
    ) -> None:
        if not isinstance(base, TokenDiffusion):
            raise ValueError(f"model.base must be a model of tokens, such as model=muse, not {type(base).__name__}")
        coarse, fine = base.shape, codec.shape
        if any(large % small for large, small in zip(fine[1:], coarse[1:], strict=True)):
            raise ValueError(
                f"first_stages.codec gives maps of {fine[1]}x{fine[2]} tokens, and first_stages.base of {coarse[1]}x"
                f"{coarse[2]}: each side of the one must be a multiple of that of the other"
            )
        refining = partial(network, coarse_values=base.num_embeddings, coarse_channels=coarse[0])
        super().__init__(
            refining, process, codec, objective, conditioner, sampler, guidance, optimizer, ema_decay, seed
        )  # fmt: skip
        self.base: Any = trained(base, base_checkpoint, "model.base_checkpoint", "the base model")

    def train(self, mode: bool = True) -> TokenSuperResolution:
        super().train(mode)
        self.base.train(False)
        return self

    def loss(self, batch: Batch) -> dict[str, Tensor]:
        """The objective's terms."""
        condition = of_batch(self.conditioner, batch)
        return self.objective(self.denoiser, self.codes(batch.x), self._told(condition, self.base.codes(batch.x)))

    def trajectory(
        self, n: int, condition: Conditions = None, *, constraint: Constraint | None = None,
        generator: Randomness = None, size: int | Sequence[int] | None = None,
    ) -> Iterator[Moment]:  # fmt: skip
        shape = (n, *self.shape_of(size))
        coarse = self.base.sample_codes(n, condition, generator=generator)
        told = self._told(of_input(self.conditioner, n, condition, self.device), coarse)
        denoise = partial(self.guidance(self.denoiser), condition=told)
        return self.sampler(
            self.denoiser.process, denoise, shape, constraint=constraint, generator=generator, device=self.device
        )

    def guided_denoiser(self, n: int, condition: Conditions = None, clipped: bool = True) -> Any:
        """Raises ValueError: edits know no coarse tokens."""
        raise ValueError("a model of fine tokens goes by the coarse ones that its base model draws: edit that one")

    @torch.no_grad()
    def nll(self, x: Tensor, condition: Conditions = None, *, steps: PositiveInt = 16) -> Tensor:
        """(batch,): an upper bound on -log p of the fine tokens given the coarse ones, in nats, without guidance."""
        told = self._told(of_input(self.conditioner, len(x), condition, self.device), self.base.codes(x))
        process: Any = self.denoiser.process
        return bound(self.denoiser, process, self.codes(x), told, steps)

    def _told(self, condition: Condition, coarse: Tensor) -> Condition:
        """The condition with the coarse tokens (batch, channels, h, w) at the places of the fine ones."""
        beside = F.interpolate(coarse.double(), self.shape[1:], mode="nearest").long()
        given = (condition.given or ConditionTensors())._replace(channels=beside)
        null = None if condition.null is None else condition.null._replace(channels=beside)
        return condition._replace(given=given, null=null)
