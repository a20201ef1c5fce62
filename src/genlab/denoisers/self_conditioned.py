"""A denoiser whose network is handed what it found before.

Papers: https://arxiv.org/abs/2208.04202, https://arxiv.org/abs/2212.11972
"""

from __future__ import annotations

from typing import Any, Literal

import torch
from torch import Tensor, nn

from genlab.conditioning.condition import Condition
from genlab.conditions import ConditionTensors
from genlab.denoisers.denoiser import Denoiser
from genlab.denoisers.estimate import Denoise
from genlab.denoisers.parameterization import Coefficients, Parameterization
from genlab.denoisers.prediction import Prediction
from genlab.processes.gaussian import Gaussian
from genlab.ranges import AnyFloat, Probability


class SelfConditioned(Denoiser):
    """Self-conditioning: of estimates (Chen et al. 2022, "Analog bits", section 3.2), or of latents (RIN, section 2.3).

    In training an item is handed, with a probability, what a first pass without gradient found at the same place;
    otherwise nothing. Only objectives that ask for `outputs` train so, such as objective=denoising. In sampling
    (`fresh`) each call of the network is handed what the last one found, whatever the solver calls it for. Called by
    itself, the denoiser remembers nothing.

    Args:
        network: as of a Denoiser. For `latents` it has `with_memory(x, level, condition, memory)`, as RIN; for `x0` it
            reads pictures laid beside x: `network.condition_channels` counts the data's channels once more.
        process, parameterization: as of a Denoiser.
        kind: what is handed on: the network's latents, or the estimate of the clean data.
        probability: in training, for each item.
        clip: [low, high], to which estimates are kept before they are handed on; None for none.
    """

    remembers = True

    def __init__(
        self,
        network: nn.Module,
        process: Gaussian,
        parameterization: Parameterization,
        kind: Literal["latents", "x0"] = "latents",
        probability: Probability = 0.9,
        clip: list[AnyFloat] | None = None,
    ) -> None:
        super().__init__(network, process, parameterization)
        name = type(network).__name__
        if kind == "latents" and not hasattr(network, "with_memory"):
            raise ValueError(f"model.denoiser.kind=latents: {name} has no latents to hand on: take network=rin, or x0")
        if kind == "x0" and "channels" not in getattr(network, "reads", ()):
            raise ValueError(
                f"model.denoiser.kind=x0 lays the estimate beside the data, and {name} reads no picture there: give "
                "network.condition_channels the number of the data's channels"
            )
        self.kind, self.probability, self.clip = kind, probability, clip

    def forward(self, x_t: Tensor, t: Tensor, condition: Condition | None = None) -> Prediction:
        return self._remembering(x_t, t, condition, None)[0]

    def outputs(
        self, x_t: Tensor, t: Tensor, c: Coefficients, condition: Condition | None = None
    ) -> tuple[Tensor, Tensor | None]:
        with torch.no_grad():
            *_, found = self._with_memory(x_t, t, c, condition, None)
        handed_on = torch.rand(len(x_t), device=x_t.device) < self.probability
        memory = found * handed_on.reshape(-1, *[1] * (found.ndim - 1))
        output, share, _ = self._with_memory(x_t, t, c, condition, memory)
        return output, share

    def fresh(self) -> Denoise[Prediction]:
        """The denoiser for one trajectory: each call is handed what the last one found, if of as many items."""
        memory: Tensor | None = None

        def remembering(x_t: Tensor, t: Tensor, condition: Condition | None = None) -> Prediction:
            nonlocal memory
            if memory is not None and len(memory) != len(x_t):
                memory = None  # guidance has begun, or ended: the rows are others
            prediction, memory = self._remembering(x_t, t, condition, memory)
            return prediction

        return remembering

    def _remembering(
        self, x_t: Tensor, t: Tensor, condition: Condition | None, memory: Tensor | None
    ) -> tuple[Prediction, Tensor]:
        scales = self.process.scales(x_t, t)
        c = self.parameterization(scales)
        output, share, found = self._with_memory(x_t, t, c, condition, memory)
        return Prediction(x_t, c.c_skip * x_t + c.c_out * output, scales, share), found

    def _with_memory(
        self, x_t: Tensor, t: Tensor, c: Coefficients, condition: Condition | None, memory: Tensor | None
    ) -> tuple[Tensor, Tensor | None, Tensor]:
        """As `outputs`, and what is to be handed on: latents, or an estimate of x0; without gradient."""
        found: Any = None

        def latents(x: Tensor, level: Tensor, given: ConditionTensors | None) -> Tensor:
            nonlocal found
            with_memory: Any = self.network.with_memory
            output, found = with_memory(x, level, given, memory)
            return output

        def estimate(x: Tensor, level: Tensor, given: ConditionTensors | None) -> Tensor:
            return self.network(x, level, _beside(given, torch.zeros_like(x_t) if memory is None else memory))

        output, share = self._outputs(latents if self.kind == "latents" else estimate, x_t, t, c, condition)
        if self.kind == "x0":
            found = c.c_skip * x_t + c.c_out * output
            found = found if self.clip is None else found.clamp(*self.clip)
        return output, share, found.detach()


def _beside(given: ConditionTensors | None, memory: Tensor) -> ConditionTensors:
    """The condition with `memory` after its own channels."""
    given = given or ConditionTensors()
    return given._replace(channels=memory if given.channels is None else torch.cat([given.channels, memory], dim=1))
