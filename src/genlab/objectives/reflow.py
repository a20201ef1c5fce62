"""Straighter flows: trained on pairs of noise and the sample that a trained flow makes of it.

Paper: https://arxiv.org/abs/2209.03003
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from genlab.conditioning.condition import Condition, has_weights, of_input
from genlab.conditions import ConditionInput, asks_of, concatenate, concatenate_inputs, conditions_for
from genlab.denoisers.denoiser import Denoiser
from genlab.objectives.denoising import weighted_errors
from genlab.objectives.teacher import Teacher
from genlab.objectives.times import TimeDistribution, reweighted
from genlab.objectives.weights import Weight
from genlab.randomness import PerImage, Randomness, fold_in, rand
from genlab.ranges import PositiveInt, Seed
from genlab.samplers.sampler import Sampler

_BLOCK = 64
"""Pairs that are made in one go, always the same ones."""


class Pairs(NamedTuple):
    """Noise (n, *shape), what the teacher makes of it, and the condition that it had."""

    noise: Tensor
    sample: Tensor
    condition: Condition


class Reflow(nn.Module):
    """Flow matching on the teacher's own pairs instead of data and unrelated noise.

    Liu et al. 2022, "Flow straight and fast", algorithm 1: paths that do not cross are straight, and few steps follow
    them. Pair i depends on (seed, i) alone. Pairs are made when first needed, 64 at a time, and kept in memory, not in
    checkpoints: a training that is resumed makes the same ones again. Of the data only the number in a batch counts.

    Args:
        teacher: a trained flow; its process ends in noise alone.
        sampler: how the teacher's equation is solved, without fresh noise.
        times, weight: as in denoising.Denoising.
        n_pairs: how many pairs there are, in whole blocks; classes in turn. Validation has pairs of its own.
        seed: of the pairs.
    """

    asks_outputs = True

    def __init__(
        self,
        teacher: Teacher,
        sampler: Sampler,
        times: TimeDistribution,
        weight: Weight,
        n_pairs: PositiveInt = 10_000,
        seed: Seed = 0,
    ) -> None:
        super().__init__()
        schedule = teacher.denoiser.process.schedule
        if float(schedule(schedule.at(torch.ones((), dtype=torch.float64))).alpha) > 0:
            raise ValueError(
                "objective=reflow needs a schedule that ends in noise alone, such as scheduler=linear_path, not "
                f"{type(schedule).__name__}"
            )
        if getattr(sampler.solver, "eta", 0) > 0:
            raise ValueError(f"objective.sampler must add no fresh noise (euler, heun, rk45), not {sampler.solver}")
        self.teacher, self.sampler = teacher, sampler
        self.times, self.weight = times, weight
        self.n_blocks = -(-n_pairs // _BLOCK)
        self.seed = seed
        self._blocks: dict[int, Pairs] = {}
        self._inputs: ConditionInput | None = None

    def forward(
        self, denoiser: Denoiser, x0: Tensor, condition: Condition | None = None, generator: Randomness = None
    ) -> dict[str, Tensor]:
        self.teacher.check(denoiser.process)
        pairs = self._drawn(x0, generator)
        t = self.times(len(x0), denoiser.process.schedule, generator, x0.device)
        of_pairs = _as_for(condition, pairs.condition, len(x0), x0.device)
        losses = weighted_errors(denoiser, pairs.sample, pairs.noise, t, self.weight, of_pairs)
        return {"loss": reweighted(self.times, losses).mean()}

    def _drawn(self, x0: Tensor, generator: Randomness) -> Pairs:
        """As many pairs as `x0` has items, of blocks chosen on the host; a validation takes those after all others."""
        count = -(-len(x0) // _BLOCK)
        numbers = torch.arange(self.n_blocks, self.n_blocks + count)
        if self.training:
            numbers = (rand((count,), generator) * self.n_blocks).long()
        blocks = [self.block(number, x0) for number in numbers.tolist()]
        noise, sample = (torch.cat(list(part))[: len(x0)] for part in zip(*(b[:2] for b in blocks), strict=True))
        return Pairs(noise, sample, _joined([block.condition for block in blocks], len(x0)))

    def prepare(self, data: Any) -> None:
        """Take the conditions of pairs from the training data, where the teacher takes more than a class."""
        if asks_of(self.teacher.conditioner) - {"label"}:
            self._inputs = conditions_for(self.teacher.conditioner, data, "train", data.n_train)

    def _conditions(self, first: int) -> ConditionInput | None:
        """The conditions of the pairs first, first + 1, ... of a block: classes in turn, or as the data are."""
        conditioner, numbers = self.teacher.conditioner, range(first, first + _BLOCK)
        if asks_of(conditioner) - {"label"}:
            if self._inputs is None:
                raise ValueError(
                    "objective=reflow needs the conditions of the data: call prepare(data) before training"
                )
            n = next(len(value) for value in self._inputs if value is not None)
            return self._inputs.at([i % n for i in numbers])
        if (classes := conditioner.num_classes) is None:
            return None
        return ConditionInput(label=torch.tensor(numbers) % classes)

    @torch.no_grad()
    def block(self, number: int, like: Tensor) -> Pairs:
        """The pairs 64 number, ..., of the shape, device and dtype of `like` (n, *shape)."""
        if number not in self._blocks or self._blocks[number].noise.device != like.device:
            shape, process = (_BLOCK, *like.shape[1:]), self.teacher.denoiser.process
            first = number * _BLOCK
            streams = PerImage([fold_in(self.seed, "reflow", first + i) for i in range(_BLOCK)], like.device)
            condition = of_input(self.teacher.conditioner, _BLOCK, self._conditions(first), like.device)
            times = self.sampler.times(process.schedule)
            noise = process.prior(shape, times[0], streams, like.device).to(like.dtype)
            with torch.autocast(like.device.type, enabled=False):  # in full precision, whatever trains
                *_, last = self.sampler.solved(process, lambda x, t: self.teacher.denoise(x, t, condition), noise)
            self._blocks[number] = Pairs(noise, last.x, condition)
        return self._blocks[number]


def _joined(conditions: Sequence[Condition], n: int) -> Condition:
    """The first n rows of all of them."""
    given, null, inputs = ([getattr(c, name) for c in conditions] for name in ("given", "null", "request"))
    if given[0] is None:
        return Condition()
    rows = slice(n)
    return Condition(
        concatenate(given).rows(rows),
        None if null[0] is None else concatenate(null).rows(rows),
        request=concatenate_inputs(inputs).part(0, n),
    )


def _as_for(student: Condition | None, teacher: Condition, n: int, device: torch.device) -> Condition:
    """`teacher`, the condition of the pairs, as the student's own conditioner makes it; without a condition where the
    student's batch has none: the student learns both, as its data would teach it."""
    if student is None or student.given is None or teacher.given is None:
        return teacher
    if has_weights(student.conditioner):
        return of_input(student.conditioner, n, teacher.request, device).without(student.dropped)
    if student.null is None:
        return teacher
    return Condition(teacher.given, student.null).without(student.dropped)
