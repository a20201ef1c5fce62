"""Whether a value of a config fits the annotation of the parameter that it is given to, and in words what would."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from genlab.annotations.values import (
    Anything,
    Choice,
    Items,
    Kind,
    Null,
    Object,
    Scalar,
    Table,
    choices,
    members,
    worded,
)
from genlab.errors import nearest

Misfit = tuple[str, str]
"""(where, what): the key of the value that does not fit, and the rest of the sentence."""


def misfits(value: Any, annotation: str, module: str, path: str) -> Iterator[Misfit]:
    """What of `value`, which stands at `path` of a config, does not fit `annotation`, which stands in `module`."""
    if annotation:
        yield from _misfits(value, ast.parse(annotation, mode="eval").body, module, path)


def _misfits(value: Any, annotation: ast.expr, module: str, path: str) -> Iterator[Misfit]:
    kinds: list[Kind] = []
    for kind in members(annotation, module):
        if _fits(value, kind):
            return
        kinds.append(kind)
    inside = [kind for kind in kinds if isinstance(kind, Items | Table) and _holds_alike(value, kind)]
    if len(inside) == 1:
        yield from _inside(value, inside[0], path)
    elif value is None:
        yield path, f"must not be null: it is {worded(kinds)}"
    else:
        yield path, f"= {_shown(value)} must be {_expected(value, kinds)}"


def _fits(value: Any, kind: Kind) -> bool:
    if isinstance(kind, Scalar | Choice):
        return kind.mismatch(value) is None
    if isinstance(kind, Items | Table):
        return _holds_alike(value, kind) and not any(_inside(value, kind, ""))
    if isinstance(kind, Null):
        return value is None
    return isinstance(kind, Anything) or (isinstance(value, Mapping) and "_target_" in value)


def _holds_alike(value: Any, kind: Items | Table) -> bool:
    if isinstance(kind, Table):
        return isinstance(value, Mapping)
    is_list = isinstance(value, Sequence) and not isinstance(value, str)
    return is_list and (kind.is_open or len(value) == len(kind.each))


def _inside(value: Any, kind: Items | Table, path: str) -> Iterator[Misfit]:
    """The misfits of the entries. Parts among them are checked where they stand."""
    if isinstance(kind, Table):
        entries = [] if kind.value is None else [(f"{path}.{key}", value[key], kind.value) for key in value]
    elif kind.is_open:
        entries = [(f"{path}[{i}]", entry, kind.each[0]) for i, entry in enumerate(value) if kind.each]
    else:
        entries = [(f"{path}[{i}]", *pair) for i, pair in enumerate(zip(value, kind.each, strict=True))]
    for where, entry, annotation in entries:
        if not (isinstance(kind, Table) and entry is None):  # a null takes a part out of a mapping of parts
            yield from _misfits(entry, annotation, kind.module, where)


def _expected(value: Any, kinds: Sequence[Kind]) -> str:
    """What a value must be that fits none of `kinds`; for a number of the right type, the limit alone."""
    words = worded(kinds)
    scalars = [kind for kind in kinds if isinstance(kind, Scalar)]
    if len(scalars) == 1 and not any(isinstance(kind, Items | Table | Object) for kind in kinds):
        words = words.replace(scalars[0].words, scalars[0].mismatch(value) or "", 1)
    chosen = choices(kinds)
    return words + ("" if chosen is None or _is_number(value) else nearest(str(value), map(str, chosen.values)))


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _shown(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{...}" if value else "{}"
    return repr(list(value)) if isinstance(value, Sequence) and not isinstance(value, str) else repr(value)
