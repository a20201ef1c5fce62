"""The exponential moving average of a module's weights."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from genlab.models.parts import within
from genlab.networks.former_names import with_present_names


class EMA:
    """Averages parameters of `module`: shadow <- decay shadow + (1 - decay) weights, after each step.

    The decay of step k is min(decay, (1 + k) / (10 + k)), so that the average is not held back by the initial
    weights (as in TensorFlow's ExponentialMovingAverage). Buffers are taken as they are. Which parameters are averaged
    is settled here, and stays, whatever takes a gradient later.

    Args:
        parts: prefixes of the names of what is averaged, from the module's root; "" is all of it.
        without: prefixes of what is not.
    """

    def __init__(
        self, module: nn.Module, decay: float, parts: Sequence[str] = ("",), without: Sequence[str] = ()
    ) -> None:
        self._module = module
        self.decay = decay
        self.steps = 0
        self._averaged = {
            name: p
            for name, p in module.named_parameters()
            if p.requires_grad and within(name, parts) and not within(name, without)
        }
        self._shadow = [p.detach().clone() for p in self._averaged.values()]
        self._raw: list[Tensor] | None = None

    def _parameters(self) -> list[Tensor]:
        return [p.detach() for p in self._averaged.values()]

    @torch.no_grad()
    def update(self) -> None:
        """Take in the current weights."""
        self.steps += 1
        weight = 1 - min(self.decay, (1 + self.steps) / (10 + self.steps))
        parameters = self._parameters()
        if self._shadow and self._shadow[0].device != parameters[0].device:
            self._shadow = [s.to(p.device) for s, p in zip(self._shadow, parameters, strict=True)]
        torch._foreach_lerp_(self._shadow, parameters, weight)

    def swap_in(self) -> None:
        """Give the module the averaged weights, and keep its own; nothing where it has them already."""
        if self._raw is None:
            with torch.inference_mode(False):  # a validation's own mode: what is kept must outlive it
                self._raw = [p.clone() for p in self._parameters()]
            self._copy(self._shadow)

    def swap_out(self) -> None:
        """Give the module its own weights back; nothing where it has them."""
        if self._raw is not None:
            self._copy(self._raw)
            self._raw = None

    @contextmanager
    def applied(self) -> Iterator[None]:
        """Inside, the module has the averaged weights; as after it, where it had them before."""
        if self._raw is not None:
            yield
            return
        self.swap_in()
        try:
            yield
        finally:
            self.swap_out()

    def with_raw(self, state: dict[str, Tensor]) -> dict[str, Tensor]:
        """A state of the module with its own weights, also while it has the averaged ones."""
        if self._raw is None:
            return state
        raw = dict(zip(map(id, self._averaged.values()), self._raw, strict=True))
        named = self._module.named_parameters(remove_duplicate=False)
        return state | {name: raw[id(p)] for name, p in named if id(p) in raw and name in state}

    @torch.no_grad()
    def _copy(self, sources: list[Tensor]) -> None:
        for source, target in zip(sources, self._parameters(), strict=True):
            target.copy_(source)

    def state_dict(self) -> dict[str, Tensor | int]:
        return {"steps": self.steps, **dict(zip(self._averaged, self._shadow, strict=True))}

    def load_state_dict(self, state: dict[str, Tensor | int]) -> None:
        state = with_present_names(self._module, state)
        if missing := [name for name in self._averaged if name not in state]:
            raise ValueError(f"the checkpoint's averaged weights lack {missing[0]} and {len(missing) - 1} more")
        self.steps = int(state["steps"])
        for shadow, name in zip(self._shadow, self._averaged, strict=True):
            shadow.copy_(torch.as_tensor(state[name]))
