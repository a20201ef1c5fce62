"""Files of genlab's own, read again: absent, damaged and newer are three answers.

What is absent may be made. What is damaged or of a newer genlab is never written over: whoever needs it is refused with
a sentence, and whoever only lists it names it and goes on.
"""

from __future__ import annotations

import json
import types
import typing
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Literal, TypeVar, Union

from genlab.errors import ConfigError
from genlab.notice import Notice
from genlab.regular import MOST_BYTES, read_regular

T = TypeVar("T")


class Unreadable(ConfigError):
    """A file of genlab's own is there and cannot be used."""

    state = "damaged"
    """What a table calls a run with such a record."""


class Damaged(Unreadable):
    """It was cut off, or holds something else."""


class Newer(Unreadable):
    """A newer genlab wrote it."""

    state = "newer"


def read_json(path: Path, remedy: str, schema: int = 1) -> dict[str, Any] | None:
    """The mapping that a JSON file holds; None when there is no such file.

    Args:
        remedy: what a person can do when it cannot be used, as the end of a sentence.
        schema: the newest that is understood; a file without one has 1.

    Raises:
        Damaged, Newer: it is there and cannot be used.
    """
    try:
        content = json.loads(read_regular(path, MOST_BYTES).decode())
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise Damaged(f"{path} cannot be read ({error.strerror}): {remedy}") from error
    except (ValueError, RecursionError) as error:
        raise Damaged(f"{path} is damaged (no JSON): {remedy}") from error
    if not isinstance(content, dict):
        raise Damaged(f"{path} is damaged (it holds {_kind(content)}, and no mapping): {remedy}")
    version = content.get("schema", 1)
    if not isinstance(version, int) or isinstance(version, bool):
        raise Damaged(f"{path} is damaged (schema is {_kind(version)}): {remedy}")
    if version > schema:
        difference = f"it has schema {version}, and this one knows {schema}"
        raise Newer(f"{path} is of a newer genlab ({difference}): update genlab, or {remedy}")
    return content


def check_fields(content: Mapping[str, Any], fields: Mapping[str, Any], path: Path, remedy: str) -> None:
    """Compare what a file holds with the types of its fields; fields that it lacks are not missed.

    Args:
        fields: name -> type, as of `typing.get_type_hints`: plain types, list, dict, Literal and unions of them.

    Raises:
        Damaged: naming the first value of another type.
    """
    for name, hint in fields.items():
        if name in content and (where := _misfit(content[name], hint, name)) is not None:
            raise Damaged(f"{path} is damaged ({where}): {remedy}")


def or_noted(read: Callable[[], T]) -> T | None:
    """What `read` gives; None where a file is damaged or newer, which a notice says."""
    try:
        return read()
    except Unreadable as error:
        warnings.warn(str(error), Notice, stacklevel=2)
        return None


def _misfit(value: Any, hint: Any, path: str) -> str | None:
    """Where `value` is not what `hint` says, in words; None when it is."""
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if hint is Any:
        return None
    if origin in (Union, types.UnionType):
        misfits = [_misfit(value, member, path) for member in arguments if member is not type(None) or value is None]
        return None if None in misfits else misfits[0]
    if origin is Literal:
        return None if value in arguments else f"{path} is {value!r}"
    kind = origin or hint
    accepted = (int, float) if kind is float else kind
    if not isinstance(value, accepted) or (isinstance(value, bool) and kind is not bool):
        return f"{path} is {_kind(value)}"
    inner: list[str | None] = []
    if isinstance(value, list):
        inner = [_misfit(item, arguments[0], f"{path}[{i}]") for i, item in enumerate(value)]
    elif isinstance(value, dict):
        inner = [_misfit(item, arguments[1], f"{path}.{key}") for key, item in value.items()]
    return next((where for where in inner if where is not None), None)


_KINDS = {dict: "a mapping", list: "a list", str: "text", bool: "true or false", int: "a number", float: "a number"}


def _kind(value: Any) -> str:
    return "null" if value is None else _KINDS[type(value)]
