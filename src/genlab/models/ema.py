"""The exponential moving average of a module's weights."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from genlab.networks.former_names import with_present_names


class EMA:
    """Averages the parameters of `module`: shadow <- decay shadow + (1 - decay) weights, after each step.

    The decay of step k is min(decay, (1 + k) / (10 + k)), so that the average is not held back by the initial
    weights (as in TensorFlow's ExponentialMovingAverage). Buffers are taken as they are.
    """

    def __init__(self, module: nn.Module, decay: float) -> None:
        self._module = module
        self.decay = decay
        self.steps = 0
        self._shadow = [p.detach().clone() for p in self._parameters()]

    def _parameters(self) -> list[nn.Parameter]:
        return [p for p in self._module.parameters() if p.requires_grad]

    @torch.no_grad()
    def update(self) -> None:
        """Take in the current weights."""
        self.steps += 1
        weight = 1 - min(self.decay, (1 + self.steps) / (10 + self.steps))
        parameters = [p.detach() for p in self._parameters()]
        if self._shadow and self._shadow[0].device != parameters[0].device:
            self._shadow = [s.to(p.device) for s, p in zip(self._shadow, parameters, strict=True)]
        torch._foreach_lerp_(self._shadow, parameters, weight)

    @contextmanager
    def applied(self) -> Iterator[None]:
        """Inside, the module has the averaged weights."""
        parameters = self._parameters()
        raw = [p.detach().clone() for p in parameters]
        self._copy(self._shadow, parameters)
        try:
            yield
        finally:
            self._copy(raw, parameters)

    @torch.no_grad()
    def _copy(self, sources: list[Tensor], targets: list[nn.Parameter]) -> None:
        for source, target in zip(sources, targets, strict=True):
            target.copy_(source)

    def state_dict(self) -> dict[str, Tensor | int]:
        names = [name for name, p in self._module.named_parameters() if p.requires_grad]
        return {"steps": self.steps, **dict(zip(names, self._shadow, strict=True))}

    def load_state_dict(self, state: dict[str, Tensor | int]) -> None:
        expected = [name for name, p in self._module.named_parameters() if p.requires_grad]
        state = with_present_names(self._module, state)
        if missing := [name for name in expected if name not in state]:
            raise ValueError(f"the checkpoint's averaged weights lack {missing[0]} and {len(missing) - 1} more")
        self.steps = int(state["steps"])
        for shadow, name in zip(self._shadow, expected, strict=True):
            shadow.copy_(torch.as_tensor(state[name]))
