"""Which names a config may build: a config is read from run folders and strangers, so it must not reach any code.

The list names parts that only build objects. It is not made of whole packages: `torch.load`, `torch.hub.load` and
`sympy.sympify` are importable through almost any of them and execute what they are given.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from genlab.config.errors import nearest
from genlab.config.signatures import UnknownTarget, define, modules, names

PARTS = (
    "callbacks", "codecs", "conditioning", "constraints", "data", "denoisers", "editing", "families", "guidance",
    "interop", "metrics", "networks", "objectives", "processes", "solvers",
)  # fmt: skip
"""The packages of genlab whose public classes and functions a config may name."""

_WORD = r"[A-Z]\w*"
_FOREIGN = re.compile(
    "|".join(
        (
            rf"torch\.nn\.{_WORD}",
            rf"torch\.optim(\.lr_scheduler)?\.{_WORD}",
            r"pytorch_lightning\.Trainer",
            rf"pytorch_lightning\.(callbacks|loggers|strategies|profilers)\.{_WORD}",
            rf"torchmetrics\.(image|audio|text|multimodal|classification|regression|aggregation)\.{_WORD}",
            r"diffusers\.(models|schedulers)(\.[a-z0-9_]+)*\.[A-Z]\w*(Model|Scheduler|Autoencoder\w*)",
            r"diffusers\.(models|schedulers)(\.[a-z0-9_]+)*\.Autoencoder\w*",
            r"transformers\.[A-Z]\w*(Model|Config)",
        )
    )
)


def is_allowed(target: str, extra: Iterable[str] = ()) -> bool:
    """Whether a config may build `target`; `extra` are further exact names that the user has allowed."""
    if target in set(extra):
        return True
    if target.startswith("genlab."):
        return _is_part(target)
    return _FOREIGN.fullmatch(target) is not None


def _is_part(target: str) -> bool:
    """A public class or function of a part package, named where it is defined: `genlab.x.y.torch.load` is none."""
    pieces = target.split(".")
    if len(pieces) < 3 or pieces[1] not in PARTS or pieces[-1].startswith("_"):
        return False
    try:
        return define(target).name == target
    except UnknownTarget:
        return False


def refusal(target: str) -> str:
    """Why `target` is refused, with the nearest names that are allowed."""
    if target.startswith("genlab."):
        known = [f"{m}.{name}" for part in PARTS for m in modules(f"genlab.{part}") for name in names(m)]
        return f"{target!r} is no part of genlab{nearest(target, known)}"
    return (
        f"{target!r} is not on the list of names that a config may build; "
        f"if you trust it, allow it by allow_targets='[{target}]'"
    )
