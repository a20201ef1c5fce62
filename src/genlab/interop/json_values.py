"""The values of a JSON file of others, read as what they must be."""

from __future__ import annotations

import reprlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from genlab.errors import listed

_MOST = 10**6
"""Of a whole number, such as the steps of training: more would only fill the memory."""
_LARGEST = 1e30


@dataclass(frozen=True)
class JsonValues:
    """What the keys of a file hold. Each reader raises ValueError, one sentence, for a value of another kind.

    Args:
        file: it is named where a value is wrong.
        content: its mapping.
    """

    file: Path
    content: Mapping[str, Any]

    def whole(self, key: str, default: int, least: int = 1) -> int:
        value = self.content.get(key, default)
        if not is_whole(value) or not least <= value <= _MOST:
            raise self.wrong(key, f"a whole number from {least} to {_MOST}")
        return int(value)

    def number(self, key: str, default: float) -> float:
        value = self.content.get(key, default)
        if not _is_number(value):
            raise self.wrong(key, "a number")
        return float(value)

    def numbers(self, key: str) -> list[float]:
        """Empty where there are none."""
        value = self.content.get(key)
        if value is None:
            return []
        if not isinstance(value, list) or not all(map(_is_number, value)):
            raise self.wrong(key, "a list of numbers")
        return [float(each) for each in value]

    def word(self, key: str, default: str, known: Collection[str]) -> str:
        """One of `known`; the default where the key is missing or null."""
        value = self.content.get(key)
        value = default if value is None else value
        if not isinstance(value, str) or value not in known:
            raise self.wrong(key, listed(known))
        return value

    def wrong(self, key: str, allowed: str) -> ValueError:
        """The error of a key whose value is another than what is allowed."""
        return ValueError(f"{self.file} has {key} = {reprlib.repr(self.content.get(key))}; what is known is {allowed}")


def is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_number(value: Any) -> bool:
    """Whether it is finite, too."""
    return (is_whole(value) or isinstance(value, float)) and -_LARGEST < value < _LARGEST
