"""Diffusion: data from noise, whatever the process, the parameterization, the sampler and the guidance."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import adaptive_avg_pool2d

from genlab.codecs.codec import Codec
from genlab.codecs.latent import LatentMaps
from genlab.conditioning.condition import Conditioner, has_null, of_batch, of_input
from genlab.conditioning.picture import encode_pictures
from genlab.conditions import as_input, asks_of, request_by_name
from genlab.data.batch import Batch
from genlab.denoisers.clipped import Clipped
from genlab.denoisers.denoiser import Denoiser
from genlab.denoisers.estimate import BoundDenoise, Denoise
from genlab.denoisers.restorer import Restorer
from genlab.guidance.guidance import Guidance, check_looked_at
from genlab.models.base import GenerativeModule
from genlab.models.drawn_size import shape_of_size
from genlab.networks.conditioned import check_reads
from genlab.objectives.denoising import Objective
from genlab.picture_size import height_and_width
from genlab.processes.degrading import Degrading
from genlab.processes.schedule import Schedule
from genlab.protocols import Conditions
from genlab.randomness import Randomness
from genlab.ranges import AnyFloat, PositiveInt, Rate, Seed
from genlab.samplers.sampler import Sampler
from genlab.samplers.trajectory import Constraint, Moment

_MEASURED = 2048
"""Data by which latent maps are scaled."""


class Diffusion(GenerativeModule):
    """Trains a denoiser and samples with it.

    Args:
        denoiser: network and process, and what the network's output means.
        objective: what is minimised.
        conditioner: makes the condition that the network gets.
        sampler: how samples are made; may be replaced after training.
        guidance: what is done to the denoiser for sampling; may be replaced after training.
        codec: between the data and what the denoiser sees.
        shape: of one datum as the denoiser sees it, (channel, height, width) or (features,); None: the codec's.
        clip: [low, high], the range of what the denoiser sees, to which sampling keeps its estimates; None for none.
        optimizer, ema_decay, seed: see GenerativeModule.
    """

    def __init__(
        self,
        denoiser: Denoiser | Restorer,
        objective: Objective,
        conditioner: Conditioner,
        sampler: Sampler,
        guidance: Guidance,
        codec: Codec,
        shape: list[PositiveInt] | None,
        optimizer: Callable[[Iterable[nn.Parameter]], torch.optim.Optimizer],
        clip: list[AnyFloat] | None = None,
        ema_decay: Rate | None = None,
        seed: Seed = 0,
    ) -> None:
        super().__init__(optimizer, ema_decay, seed)
        self.denoiser = denoiser
        self.objective = objective
        self.conditioner = conditioner
        encode_pictures(conditioner, codec.encode)
        self.sampler = sampler
        self.guidance = guidance
        self.codec = codec
        self.shape = _shape(shape, codec)
        if clip is not None and not (codec.of_pixels or getattr(codec, "is_bounded", False)):
            raise ValueError(
                f"model.clip={clip}: {type(codec).__name__} gives no pixels, which have that range: take null"
            )
        self.clip = None if clip is None else (clip[0], clip[1])
        self.num_classes = conditioner.num_classes
        self.asks = asks_of(conditioner)
        given: frozenset[str] = getattr(conditioner, "gives", frozenset())
        # A guidance may read the label in the network's place: conditioning/rules.py knows.
        check_reads(getattr(denoiser, "network", denoiser), frozenset(given) - {"label"})
        if getattr(guidance, "needs_null", False) and not has_null(conditioner):
            raise ValueError(
                f"the guidance {type(guidance).__name__} needs a conditional model trained with conditioner.dropout "
                "greater than 0, such as 0.1; this one never sees the empty condition"
            )
        if getattr(guidance, "needs_noise", False) and not isinstance(denoiser.process.schedule, Schedule):
            raise ValueError(
                f"the guidance {type(guidance).__name__} follows the gradient of a loss through Gaussian noise, and "
                "this process adds none: take guidance=none or classifier_free"
            )
        sampler.times(denoiser.process.schedule)  # raises before the training if the sampler cannot serve the schedule

    def on_fit_start(self) -> None:
        super().on_fit_start()
        for size in getattr(self.trainer.datamodule, "sizes", ()):  # type: ignore[attr-defined]
            try:
                self.shape_of(size)
            except ValueError as error:
                raise ValueError(f"dataset.source.buckets: {error}") from None
        if isinstance(self.codec, LatentMaps) and not bool(self.codec.measured):
            moments = self.codec.moments(batch.x for batch in self._first_batches(_MEASURED))
            self.codec.scale_by(self.trainer.strategy.reduce(moments, reduce_op="mean"))
        process = self.denoiser.process
        if isinstance(process, Degrading) and not bool(process.ends.any()):
            process.fit(torch.cat([self.codec.encode(batch.x) for batch in self._first_batches(len(process.ends))]))
        for part in (self.conditioner, self.objective):
            if hasattr(part, "prepare"):
                part.prepare(self.trainer.datamodule)  # type: ignore[attr-defined]

    def _first_batches(self, n: int) -> Iterator[Batch]:
        """Training batches until there are `n` data in all; fewer where the data end."""
        for batch in self.trainer.datamodule.train_dataloader():  # type: ignore[attr-defined]
            yield batch
            n -= len(batch.x)
            if n <= 0:
                return

    def loss(self, batch: Batch) -> dict[str, Tensor]:
        """The objective's terms; per element of x and of the network's target where it is the denoising one."""
        x0, condition = self.codec.encode(batch.x), of_batch(self.conditioner, batch)
        if batch.weight is None:
            return self.objective(self.denoiser, x0, condition)
        height, width = x0.shape[2:]
        weight = adaptive_avg_pool2d(batch.weight, (height, width))  # the mean over what the codec makes one place of
        weighing: Any = self.objective  # objectives/rules.py sees to it that it takes weights
        return weighing(self.denoiser, x0, condition, weight=weight)

    def sample(
        self, n: int, condition: Conditions = None, *, generator: Randomness = None,
        size: int | Sequence[int] | None = None, **asked: Any,
    ) -> Tensor:  # fmt: skip
        """(n, *shape), decoded. `condition` (n,) labels, prompts, or a ConditionInput; without it the classes in turn.

        Args:
            size: height and width in pixels; None draws what the model was trained on.
            asked: the same by name, one for all samples or one for each: sample(2, prompt="a red cat").
        """
        *_, last = self.trajectory(n, request_by_name(condition, asked), generator=generator, size=size)
        return self.codec.decode(last.x)

    def trajectory(
        self, n: int, condition: Conditions = None, *, constraint: Constraint | None = None,
        generator: Randomness = None, size: int | Sequence[int] | None = None,
    ) -> Iterator[Moment]:  # fmt: skip
        """The moments of sampling, as the denoiser sees them. Raises ValueError for what cannot be sampled."""
        shape = (n, *self.shape_of(size))
        return self.sampler(
            self.denoiser.process, self.guided_denoiser(n, condition), shape, constraint=constraint,
            generator=generator, device=self.device,
        )  # fmt: skip

    def shape_of(self, size: int | Sequence[int] | None) -> tuple[int, ...]:
        """Of one sample as the denoiser sees it, where its picture has `size`, height and width in pixels.

        Raises:
            ValueError: the model draws no pictures of that size.
        """
        if size is None:
            return self.shape
        return shape_of_size(self.denoiser, self.codec, self.shape, height_and_width(size))

    @property
    def picture_size(self) -> tuple[int, int] | None:
        """Height and width in pixels of what the model was trained on, where its data and its codec have them."""
        factor: int | None = getattr(self.codec, "factor", 1 if self.codec.of_pixels else None)
        return (self.shape[1] * factor, self.shape[2] * factor) if factor and len(self.shape) == 3 else None

    def guided_denoiser(self, n: int, condition: Conditions = None, clipped: bool = True) -> BoundDenoise:
        """The denoiser that n samples are drawn with: guided, with the condition, clipped. Raises ValueError too.

        For one trajectory: a denoiser may remember its last step.
        """
        prepared = of_input(self.conditioner, n, condition, self.device)
        check_looked_at(self.guidance, as_input(condition))
        guided: Denoise = self.guidance(getattr(self.denoiser, "fresh", lambda: self.denoiser)())
        if clipped and self.clip is not None:
            guided = Clipped(guided, *self.clip)
        return partial(guided, condition=prepared)

    def snapshots(self, x: Tensor, count: int, *, generator: Randomness = None) -> tuple[Tensor, Tensor]:
        """(count, *x.shape) twice, as the denoiser sees them: `x` on the way to noise, and as many samples on the way
        to data, at times evenly chosen among the sampler's; the first of the one and the last of the other are data.
        """
        process, z = self.denoiser.process, self.codec.encode(x)
        times = self.sampler.times(process.schedule)
        rising = times.flip(0)[torch.linspace(0, len(times) - 1, count).round().long()]
        there = [z if t == 0 else process.corrupt(z, t, generator=generator) for t in rising]
        back = [moment.x for moment in self.trajectory(len(x), generator=generator)]
        chosen = torch.linspace(0, len(back) - 1, count).round().long()
        return torch.stack(there), torch.stack([back[int(i)] for i in chosen])

    def denoising_trajectory(
        self, n: int, count: int, condition: Conditions = None, *, generator: Randomness = None,
        size: int | Sequence[int] | None = None,
    ) -> tuple[Tensor, Tensor]:  # fmt: skip
        """(count, n, *shape) twice, decoded: the samples at moments evenly chosen of their making, the last of them
        included, and the clean data that were predicted there. Fewer moments where there are fewer steps.
        """
        steps = len(self.sampler.times(self.denoiser.process.schedule)) - 1
        chosen = set(torch.linspace(0, steps - 1, count).round().long().tolist())
        drawn = self.trajectory(n, condition, generator=generator, size=size)
        moments = [moment for i, moment in enumerate(drawn) if i in chosen]
        seen = [self.codec.decode(self._shown(moment)) for moment in moments]
        return torch.stack(seen), torch.stack([self.codec.decode(moment.clean) for moment in moments])

    def _shown(self, moment: Moment) -> Tensor:
        """What of the unfinished sample the codec can decode."""
        shown = getattr(self.denoiser.process, "shown", None)
        return moment.x if shown is None else shown(moment.x, moment.t, moment.clean)

    def load_state_dict(self, state_dict: Mapping[str, Any], strict: bool = True, assign: bool = False) -> Any:
        """Takes a model trained with another guidance: the weights of a guidance are its own."""
        own = {name: value for name, value in self.state_dict().items() if name.startswith("guidance.")}
        rest = {name: value for name, value in state_dict.items() if not name.startswith("guidance.") or name in own}
        return super().load_state_dict(own | rest, strict, assign)

    @property
    def num_parameters(self) -> int:
        of_objective = self.objective.parameters() if isinstance(self.objective, nn.Module) else ()
        return super().num_parameters - sum(p.numel() for p in of_objective)

    def provenance(self) -> dict[str, Any]:
        nfe = self.sampler.nfe(self.denoiser.process.schedule)
        of_condition = self.conditioner.provenance() if hasattr(self.conditioner, "provenance") else {}
        made_by = {"sampler": repr(self.sampler), "nfe": nfe, "guidance": repr(self.guidance)}
        return super().provenance() | made_by | of_condition


def _shape(shape: list[PositiveInt] | None, codec: Codec) -> tuple[int, ...]:
    """What the config says, or else the codec. Raises ValueError where neither does, or they disagree."""
    name = type(codec).__name__
    if shape is None and codec.shape is None:
        raise ValueError(f"model.shape=null takes the codec's shape, and {name} has that of the data: give model.shape")
    if shape is not None and codec.shape is not None and tuple(shape) != codec.shape:
        raise ValueError(
            f"model.shape={list(shape)}: {name} gives {list(codec.shape)}; take null, which is the codec's"
        )
    return tuple(shape) if shape is not None else tuple(codec.shape or ())
