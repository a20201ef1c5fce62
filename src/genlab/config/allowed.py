"""Which names a config may build: a config is read from run folders and strangers, so it must not reach any code.

A part is declared once, by the config that names it: what `conf/` and the recipes build may be built, and nothing else
of genlab. Of other libraries a few kinds of classes are let in, each of which does nothing but build an object;
`tests/config/test_no_effect.py` builds them all and watches.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache

from genlab.annotations.definitions import UnknownTarget, bases, define
from genlab.config.files import conf_dir
from genlab.errors import nearest

_KINDS = {
    "torch.optim": "torch.optim.optimizer.Optimizer",
    "torch.optim.lr_scheduler": "torch.optim.lr_scheduler.LRScheduler",
    "torch.nn": "torch.nn.modules.module.Module",
    "pytorch_lightning.callbacks": "pytorch_lightning.callbacks.callback.Callback",
    "pytorch_lightning.profilers": "pytorch_lightning.profilers.profiler.Profiler",
}
"""Package -> the class that those of its classes are derived from which a config may build."""

_SINGLE = frozenset((
    "genlab.callbacks.interruption.Interruption",  # of older configs: every training has it now
    "diffusers.models.unets.unet_2d.UNet2DModel", "pytorch_lightning.loggers.CSVLogger",
    "pytorch_lightning.strategies.DDPStrategy", "pytorch_lightning.strategies.FSDPStrategy",
))  # fmt: skip
"""Classes beside those that no config of genlab names, and that users pick."""

_TARGET = re.compile(r"_target_:\s*[\"']?([\w.]+)")


@cache
def declared() -> frozenset[str]:
    """The parts: every name that genlab's own configs and recipes build."""
    folders = (conf_dir(), (conf_dir() / "experiment").resolve())  # conf/experiment is a link
    files = {path for folder in folders for path in folder.rglob("*.yaml")}
    lines = (line.partition("#")[0] for path in files for line in path.read_text(encoding="utf-8").splitlines())
    targets = {target for line in lines for target in _TARGET.findall(line)}
    return frozenset(target for target in targets if not target.startswith("hydra_plugins."))  # built by Hydra itself


def is_allowed(target: str, extra: Iterable[str] = ()) -> bool:
    """Whether a config may build `target`; `extra` are further exact names that the user has allowed."""
    return target in set(extra) or target in declared() or target in _SINGLE or _is_of_a_kind(target)


@cache
def _is_of_a_kind(target: str) -> bool:
    package, _, name = target.rpartition(".")
    if package not in _KINDS or not re.fullmatch(r"[A-Z]\w*", name):
        return False
    try:
        return _KINDS[package] in {above.name for above in bases(define(target))}
    except UnknownTarget:
        return False


def refusal(target: str) -> str:
    """Why `target` is refused, with the nearest names that are allowed."""
    if target.startswith("genlab."):
        return f"{target!r} is no part of genlab: no config names it{nearest(target, sorted(declared()))}"
    return (
        f"{target!r} is not on the list of names that a config may build; "
        f"if you trust it, allow it by allow_targets='[{target}]'"
    )
