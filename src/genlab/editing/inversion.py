"""From pictures to the noise they come from, and back."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from genlab.conditions import ConditionInput, as_input
from genlab.editing.editable import Editable, Edited
from genlab.protocols import Conditions
from genlab.randomness import Randomness
from genlab.ranges import NonNegativeInt, PositiveInt
from genlab.samplers.ancestral import Ancestral
from genlab.samplers.inversion import Inversion as Backwards
from genlab.samplers.trajectory import trajectory


def invert(model: Editable, x: Tensor, condition: Conditions = None, iterations: int = 10) -> Tensor:
    """The noise, as the denoiser sees it, from which `generate` makes `x` (n, ...), on the model's sampler's times.

    With many iterations the way back is exact; with 1 it is DDIM's customary inversion.
    """
    process = model.denoiser.process
    times = model.sampler.times(process.schedule).flip(0)
    denoise = model.guided_denoiser(len(x), condition, clipped=False)
    *_, last = trajectory(process, denoise, Backwards(iterations), times, model.codec.encode(x))
    return last.x


def generate(model: Editable, noise: Tensor, condition: Conditions = None) -> Tensor:
    """What DDIM makes of `noise` (n, ...), as `invert` returns it; another condition makes another picture."""
    process = model.denoiser.process
    times = model.sampler.times(process.schedule)
    denoise = model.guided_denoiser(len(noise), condition, clipped=False)
    *_, last = trajectory(process, denoise, Ancestral(0.0), times, noise)
    return model.codec.decode(last.x)


@dataclass(frozen=True)
class Inversion:
    """`invert` and `generate`, as a person asks for them: the picture again, and what else its noise becomes.

    Args:
        iterations: see `invert`.
        to: the class of a second result; None for the picture alone.
        to_prompt: its text, of a model that goes by texts; that of the picture gives the picture again, bit for bit.
    """

    iterations: PositiveInt = 10
    to: NonNegativeInt | None = None
    to_prompt: str | None = None

    def __call__(
        self, model: Editable, x: Tensor, condition: Conditions = None, *, generator: Randomness = None
    ) -> Edited:
        request = None if condition is None else as_input(condition).for_each(len(x)).part(0, 1)
        wishes: list[Conditions] = [request]
        if self.to is not None or self.to_prompt is not None:
            wishes.append(self._other(request))
        model.guided_denoiser(1, wishes[-1])  # raises before any work if there is no such class
        noise = invert(model, x[:1], request, self.iterations)
        return Edited(model.codec.decode(noise), torch.cat([generate(model, noise, wish) for wish in wishes]))

    def _other(self, request: ConditionInput | None) -> ConditionInput:
        """What is asked for in place of what the picture shows."""
        request = request or ConditionInput()
        if self.to is not None:
            if request.label is None:
                raise ValueError(f"edit.to = {self.to}: this model is not conditioned on classes")
            request = request._replace(label=torch.full_like(request.label, self.to))
        if self.to_prompt is not None:
            if request.prompt is None:
                raise ValueError(f"edit.to_prompt = {self.to_prompt}: this model does not go by texts")
            request = request._replace(prompt=[self.to_prompt])
        return request
