"""In which keys two configs ask for different results."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from omegaconf import DictConfig

from genlab.config.fingerprint import decisive

ABSENT = "(absent)"


def differences(first: DictConfig, second: DictConfig) -> list[tuple[str, Any, Any]]:
    """(key, value in the first, value in the second) of every deciding key that differs."""
    a, b = dict(_leaves(decisive(first))), dict(_leaves(decisive(second)))
    keys = list(dict.fromkeys((*a, *b)))
    return [(key, a.get(key, ABSENT), b.get(key, ABSENT)) for key in keys if a.get(key, ABSENT) != b.get(key, ABSENT)]


def _leaves(node: Any, prefix: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(node, dict):
        for key, value in node.items():
            yield from _leaves(value, f"{prefix}.{key}" if prefix else str(key))
    else:
        yield prefix, node
