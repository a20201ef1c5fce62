"""Which keys a set of runs varies, and what to call them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from genlab.config.keys import is_shown

ABSENT = "–"


def overrides(record: Mapping[str, Any]) -> dict[str, str]:
    """The overrides of a record as a dict: "+a.b=1" gives {"a.b": "1"}, "~a" gives {"a": ""}."""
    parsed = {}
    for word in record.get("overrides") or []:
        key, _, value = str(word).partition("=")
        parsed[key.strip().lstrip("+~").partition("@")[0]] = _without_quotes(value.strip())
    return parsed


def _without_quotes(value: str) -> str:
    """A value without the quotes of Hydra's grammar, nor the backslashes before quotes and references in it."""
    quote = value[:1]
    if quote not in ("'", '"') or len(value) < 2 or not value.endswith(quote):
        return value
    text = re.sub(rf"\\+(?={quote}|$)", lambda found: "\\" * (len(found[0]) // 2), value[1:-1])
    return text.replace("\\${", "${")


def swept_keys(records: Sequence[Mapping[str, Any]]) -> list[str]:
    """The keys that the records override with different values, or that only some override, as they were written."""
    parsed = [overrides(record) for record in records]
    keys = list(dict.fromkeys(key for given in parsed for key in given))
    return [key for key in keys if is_shown(key) and len({given.get(key) for given in parsed}) > 1]


def value_of(record: Mapping[str, Any], key: str) -> str:
    """The value of `key` in a record; "–" where it leaves the config's own value. Every record has `seed`."""
    fallback = record.get("seed") if key == "seed" else None
    return overrides(record).get(key, ABSENT if fallback is None else str(fallback))


def short_names(keys: Iterable[str]) -> dict[str, str]:
    """The shortest ending of each dotted key that no other key has: "model.coding_size" -> "coding_size"."""
    keys = list(dict.fromkeys(keys))
    names = {}
    for key in keys:
        parts = key.split(".")
        for n in range(1, len(parts) + 1):
            ending = ".".join(parts[-n:])
            if n == len(parts) or not any(other != key and f".{other}".endswith(f".{ending}") for other in keys):
                names[key] = ending
                break
    return names
