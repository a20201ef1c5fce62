"""Whether every part of a config stands where such a part belongs."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

from genlab.annotations.definitions import UnknownTarget
from genlab.annotations.parts import Kind, fits, items_of
from genlab.annotations.signatures import signature
from genlab.annotations.values import kinds as annotated
from genlab.annotations.values import worded
from genlab.config.allowed import declared, is_allowed
from genlab.errors import listed

ROOTS = {
    "dataset": [Kind("LightningDataModule", "pytorch_lightning")],
    "reference": [Kind("LightningDataModule", "pytorch_lightning")],
    "model": [Kind("LightningModule", "pytorch_lightning")],
    "optimizer": [Kind("Callable[[Iterable[nn.Parameter]], torch.optim.Optimizer]", "genlab.models.parameter_groups")],
    "lr_scheduler": [
        Kind("Callable[..., torch.optim.lr_scheduler.LRScheduler]", "genlab.models.lr_schedule"),
        Kind("Callable[..., torch.optim.lr_scheduler.LambdaLR]", "genlab.models.lr_schedule"),
    ],
    "trainer": [Kind("Trainer", "pytorch_lightning")],
    "callbacks": [Kind("dict[str, Callback]", "pytorch_lightning")],
    "logger": [Kind("dict[str, Logger]", "pytorch_lightning.loggers")],
    "metrics": [Kind("Suite", "genlab.metrics.suite")],
    "extractor": [Kind("Extractor", "genlab.metrics.extractors.extractor")],
    "extractors": [Kind("dict[str, Extractor]", "genlab.metrics.extractors.extractor")],
    "scheduler": [
        Kind("Schedule", "genlab.processes.schedule"),
        Kind("Degradation", "genlab.processes.degrading"),
        Kind("Share", "genlab.processes.share"),
    ],
    "sampler": [Kind("Sampler", "genlab.samplers.sampler"), Kind("LatentSampler", "genlab.samplers.latent")],
    "guidance": [Kind("Guidance", "genlab.guidance.guidance")],
    "edit": [Kind("Edit", "genlab.editing.editable")],
}
"""What a part under a root key must be. The keys that are not here only stand for parts of the model, which are checked
there."""

Kinds = list[Kind] | None
"""What a part at a place must be; None where nothing decides it."""


def misplaced(node: Any, key: str, allowed: Collection[str] = (), kinds: Kinds = None) -> Iterator[str]:
    """One sentence for every part in a plain container that does not fit the parameter that it is given to.

    Names that may not be built at all are passed over: `genlab.config.check` finds them.

    Args:
        node: a resolved config, without interpolations.
        key: where it stands, for the sentences; of a root key the kind is known.
        allowed: names that the user trusts: they and what they are given may be of any kind.
    """
    if kinds is None and key in ROOTS:
        kinds = ROOTS[key]
    if kinds is None and "." in key and key.partition(".")[0] in ROOTS:
        kinds = [item for kind in ROOTS[key.partition(".")[0]] for item in items_of(kind)] or None
    yield from _walk(node, key, "genlab", kinds, allowed)


def _walk(node: Any, path: str, owner: str, kinds: Kinds, allowed: Collection[str]) -> Iterator[str]:
    """`owner` is the part that takes what stands here."""
    if isinstance(node, dict) and "_target_" in node:
        yield from _part(node, path, owner, kinds, allowed)
    elif isinstance(node, dict | list):
        inside = None if kinds is None else [item for kind in kinds for item in items_of(kind)]
        for key, child in node.items() if isinstance(node, dict) else enumerate(node):
            where = f"{path}[{key}]" if isinstance(node, list) else f"{path}.{key}"
            yield from _walk(child, where, owner, inside, allowed)


def _part(node: dict[str, Any], path: str, owner: str, kinds: Kinds, allowed: Collection[str]) -> Iterator[str]:
    target, partial = str(node["_target_"]), bool(node.get("_partial_"))
    trusted = target in allowed
    if not is_allowed(target, allowed):
        return
    if kinds is not None and not trusted and not any(fits(target, partial, kind) for kind in kinds):
        yield f"{path}: {target} does not fit here{_advice(target, partial, owner, kinds)}"
        return
    if "_args_" in node and not trusted:
        yield f"{path}._args_: arguments are given by their names"
        return
    try:
        parameters = {p.name: [Kind(p.annotation, p.module)] for p in signature(target).parameters}
    except UnknownTarget:
        parameters = {}
    for key, child in node.items():
        if not str(key).startswith("_"):
            taken = None if trusted else parameters.get(str(key), [])
            yield from _walk(child, f"{path}.{key}", target.rpartition(".")[2], taken, allowed)


def _advice(target: str, partial: bool, owner: str, kinds: list[Kind]) -> str:
    """What would fit: the same part in another way, or other parts."""
    if any(fits(target, not partial, kind) for kind in kinds):
        return f": _partial_ must be {str(not partial).lower()}"
    fitting = [name for name in declared() for way in (True, False) if any(fits(name, way, kind) for kind in kinds)]
    if fitting:
        return f"; what fits: {listed(fitting, 6)}"
    taken = [member for kind in kinds if kind.annotation for member in annotated(kind.annotation, kind.module)]
    return f": {owner} takes {worded(taken) or 'no part'}"
