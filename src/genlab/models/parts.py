"""Parts of a module named by prefixes of the names in its state."""

from __future__ import annotations

from collections.abc import Sequence

from torch import nn

from genlab.errors import nearest
from genlab.frozen import within


def require_parts(module: nn.Module, attribute: str, parts: Sequence[str]) -> None:
    """Raise ValueError where one of the parts is none of the module's."""
    names = [*(name for name, _ in module.named_modules()), *module.state_dict()]
    for part in parts:
        if not any(within(name, [part]) for name in names):
            children = sorted({name.partition(".")[0] for name in names if name})
            raise ValueError(
                f"{attribute} of {type(module).__name__} names {part!r}, which is no part of it"
                f"{nearest(part.rstrip('.'), children) or ': it has ' + ', '.join(children)}"
            )
