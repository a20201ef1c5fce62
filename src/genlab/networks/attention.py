"""Attention at named sites: what looks at its maps, or changes them, while a network is used.

Editing needs it: prompt-to-prompt exchanges probabilities (https://arxiv.org/abs/2208.01626), paint with words adds to
logits (eDiff-I, https://arxiv.org/abs/2211.01324, section 4.2).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any, Literal, NamedTuple, Protocol

import torch
from torch import Tensor, nn
from torch.nn.functional import scaled_dot_product_attention
from torch.overrides import TorchFunctionMode


class Site(NamedTuple):
    """Where a network attends."""

    name: str
    """Of the layer, as in `network.named_modules()`."""

    kind: Literal["self", "cross"]
    """Whether the keys are places of the picture itself, or something else, such as words."""


class AttentionControl(Protocol):
    """Looks at the maps of attention, and may change them; each method is the identity unless a control has its own.

    Maps are (batch, heads, queries, keys); places of a picture go row by row. Guidance that needs two estimates has
    [given..., null...] in one batch.
    """

    def before(self, logits: Tensor, site: Site) -> Tensor:
        """The logits that the softmax over keys is taken of."""
        return logits

    def after(self, probabilities: Tensor, site: Site) -> Tensor:
        """The shares in which values are mixed."""
        return probabilities


class Attention(nn.Module):
    """softmax(q k^T / sqrt(features)) v, (batch, heads, queries, features); the attention of genlab's own networks.

    Args:
        kind: see Site.
    """

    def __init__(self, kind: Literal["self", "cross"] = "self") -> None:
        super().__init__()
        self.kind: Literal["self", "cross"] = kind
        self._controlled: Callable[..., Tensor] | None = None

    def forward(self, q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None = None) -> Tensor:
        """`mask`: bool, broadcast to (batch, heads, queries, keys), true where a query may see a key; None for all.

        A query that may see none gets zeros.
        """
        attend = scaled_dot_product_attention if self._controlled is None else self._controlled
        return attend(q, k, v, mask)


def sites(network: nn.Module) -> list[Site]:
    """Where `network` attends, in the order of its layers; of genlab's own networks and of diffusers'."""
    return [Site(name, _kind(layer)) for name, layer in _layers(network)]


@contextmanager
def controlled(network: nn.Module, control: AttentionControl) -> Iterator[None]:
    """Inside, every attention of `network` asks `control`, this one alone; afterwards all is as it was.

    Raises ValueError for a network without attention, and for a layer of diffusers whose processor makes no maps.
    """
    layers = _layers(network)
    if not layers:
        raise ValueError(f"the network {type(network).__name__} has no attention to control")
    with ExitStack() as stack:
        for name, layer in layers:
            stack.callback(_put_back, layer, _replace(layer, control, Site(name, _kind(layer))))
        yield


def _layers(network: nn.Module) -> list[tuple[str, Any]]:
    named = network.named_modules()
    return [(name, layer) for name, layer in named if isinstance(layer, Attention) or _is_foreign(layer)]


def _is_foreign(layer: nn.Module) -> bool:
    """Whether it is an attention of diffusers, which has its arithmetic in a replaceable processor."""
    return hasattr(layer, "get_processor") and hasattr(layer, "set_processor")


def _kind(layer: Any) -> Literal["self", "cross"]:
    if isinstance(layer, Attention):
        return layer.kind
    return "cross" if layer.is_cross_attention else "self"


def _replace(layer: Any, control: AttentionControl, site: Site) -> Any:
    """Let a layer ask `control`; returns what it did before."""

    def attend(q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None = None, scale: float | None = None) -> Tensor:
        logits = (q @ k.transpose(-2, -1)) * (q.shape[-1] ** -0.5 if scale is None else scale)
        if mask is None or mask.dtype != torch.bool:  # a mask of numbers is added
            logits = logits if mask is None else logits + mask
            return control.after(control.before(logits, site).softmax(-1), site) @ v
        hidden = ~mask
        logits = control.before(logits.masked_fill(hidden, -torch.inf), site)
        shares = logits.masked_fill(hidden, torch.finfo(logits.dtype).min).softmax(-1)
        return control.after(shares.masked_fill(hidden, 0), site) @ v  # of a query that sees none all are 0

    if isinstance(layer, Attention):
        former, layer._controlled = layer._controlled, attend
        return former
    processor = layer.get_processor()
    layer.set_processor(_Processor(getattr(processor, "former", processor), attend, site))
    return processor


def _put_back(layer: Any, former: Any) -> None:
    if isinstance(layer, Attention):
        layer._controlled = former
    else:
        layer.set_processor(former)


class _Processor:
    """A processor of diffusers with another attention in it: its norms, projections and residuals stay."""

    def __init__(self, former: Any, attend: Callable[..., Tensor], site: Site) -> None:
        self.former, self._attend, self._site = former, attend, site

    def __call__(self, *arguments: Any, **options: Any) -> Any:
        with _Exchanged(self._attend) as exchanged:
            output = self.former(*arguments, **options)
        if not exchanged.calls:
            raise ValueError(
                f"the attention {self._site.name} cannot be controlled: its processor {type(self.former).__name__} "
                "makes no maps"
            )
        return output


class _Exchanged(TorchFunctionMode):
    """Inside, `attend` stands in the place of torch's attention."""

    def __init__(self, attend: Callable[..., Tensor]) -> None:
        super().__init__()
        self._attend, self.calls = attend, 0

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        if func is not scaled_dot_product_attention:
            return func(*args, **kwargs)
        self.calls += 1
        options = {"mask": kwargs.pop("attn_mask", None), "scale": kwargs.pop("scale", None)}
        if kwargs.pop("dropout_p", 0.0) or kwargs.pop("is_causal", False) or kwargs:
            raise ValueError("attention with dropout, of causal order or of grouped heads cannot be controlled")
        return self._attend(*args, **options)
