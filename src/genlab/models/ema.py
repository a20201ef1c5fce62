"""The exponential moving average of a module's weights."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _NormBase

from genlab.models.parts import within
from genlab.networks.former_names import with_present_names


class EMA:
    """Averages parameters of `module`: shadow <- decay shadow + (1 - decay) weights, after each step.

    The decay of step k is min(decay, (1 + k) / (10 + k)), so that the average is not held back by the initial
    weights (as in TensorFlow's ExponentialMovingAverage). Buffers are taken as they are, unless `statistics` says
    otherwise. Which parameters are averaged is settled here, and stays, whatever takes a gradient later.

    Args:
        parts: prefixes of the names of what is averaged, from the module's root; "" is all of it.
        without: prefixes of what is not.
        statistics: whether the running means and variances of batch normalisation are averaged as well: those of the
            weights themselves do not fit the averaged ones.
    """

    def __init__(
        self,
        module: nn.Module,
        decay: float,
        parts: Sequence[str] = ("",),
        without: Sequence[str] = (),
        statistics: bool = False,
    ) -> None:
        self._module = module
        self.decay = decay
        self.steps = 0
        self._averaged = {
            name: p
            for name, p in module.named_parameters()
            if p.requires_grad and within(name, parts) and not within(name, without)
        }
        self._statistics = {
            f"{prefix}{'.' if prefix else ''}{name}": (norm, name)
            for prefix, norm in module.named_modules()
            if statistics and isinstance(norm, _NormBase) and norm.track_running_stats
            for name in ("running_mean", "running_var")
            if within(prefix, parts) and not within(prefix, without)
        }
        self._shadow = [value.clone() for value in self._values()]
        self._raw: list[Tensor] | None = None

    def _names(self) -> list[str]:
        return [*self._averaged, *self._statistics]

    def _values(self) -> list[Tensor]:
        """What is averaged, as it is now. A move to another device makes buffers anew, so they are looked up."""
        buffers = [norm.get_buffer(name) for norm, name in self._statistics.values()]
        return [*(p.detach() for p in self._averaged.values()), *buffers]

    @torch.no_grad()
    def update(self) -> None:
        """Take in the current weights."""
        self.steps += 1
        weight = 1 - min(self.decay, (1 + self.steps) / (10 + self.steps))
        values = self._values()
        if self._shadow and self._shadow[0].device != values[0].device:
            self._shadow = [s.to(value.device) for s, value in zip(self._shadow, values, strict=True)]
        torch._foreach_lerp_(self._shadow, values, weight)

    def swap_in(self) -> None:
        """Give the module the averaged weights, and keep its own; nothing where it has them already."""
        if self._raw is None:
            with torch.inference_mode(False):  # a validation's own mode: what is kept must outlive it
                self._raw = [value.clone() for value in self._values()]
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
        count = len(self._averaged)
        raw = dict(zip(map(id, self._averaged.values()), self._raw[:count], strict=True))
        named = self._module.named_parameters(remove_duplicate=False)
        weights = {name: raw[id(p)] for name, p in named if id(p) in raw and name in state}
        return state | weights | dict(zip(self._statistics, self._raw[count:], strict=True))

    @torch.no_grad()
    def _copy(self, sources: list[Tensor]) -> None:
        for source, target in zip(sources, self._values(), strict=True):
            target.copy_(source)

    def state_dict(self) -> dict[str, Tensor | int]:
        return {"steps": self.steps, **dict(zip(self._names(), self._shadow, strict=True))}

    def load_state_dict(self, state: dict[str, Tensor | int]) -> None:
        state = with_present_names(self._module, state)
        if missing := [name for name in self._names() if name not in state]:
            raise ValueError(f"the checkpoint's averaged weights lack {missing[0]} and {len(missing) - 1} more")
        self.steps = int(state["steps"])
        for shadow, name in zip(self._shadow, self._names(), strict=True):
            shadow.copy_(torch.as_tensor(state[name]))
