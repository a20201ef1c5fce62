"""history.jsonl: a line a step, the truth about a training."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from genlab.atomic import write_text
from genlab.regular import MOST_LINES, read_regular
from genlab.runs.reading import Damaged
from genlab.signals import uncut

_NOT_FINITE = {"nan": math.nan, "inf": math.inf, "-inf": -math.inf}
"""JSON has no such numbers: they are written as these texts, as everywhere, and read as numbers again."""


def append(path: Path, lines: Iterable[Mapping[str, Any]]) -> None:
    """Add lines and flush them to the disk."""
    text = "".join(map(_line, lines))
    with uncut(), path.open("a", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


def read(path: Path) -> list[dict[str, Any]]:
    """The lines, in order; a last line that was torn by a crash is left out.

    Raises:
        Damaged: another line is no line of a history.
    """
    remedy = f"move {path.parent} away, or run beside it with force=true"
    try:
        texts = read_regular(path, MOST_LINES).splitlines()
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as error:
        raise Damaged(f"{path} cannot be read ({error.strerror}): {remedy}") from error
    lines = [parsed(text) for text in texts]
    if lines and lines[-1] is None:
        lines.pop()
    whole = [line for line in lines if line is not None]
    if len(whole) < len(lines):
        raise Damaged(f"{path} is damaged (line {lines.index(None) + 1} of {len(texts)} is no step): {remedy}")
    return whole


def parsed(text: bytes) -> dict[str, Any] | None:
    """A line of a history, None where it is none: a mapping of numbers with a whole "step", and null for a gap."""
    try:
        line = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return numbers(line) if is_step(line) else None


def is_step(line: Any) -> bool:
    """Whether a line holds what a line must."""
    return isinstance(line, dict) and isinstance(line.get("step"), int) and all(map(_is_number, line.values()))


def _is_number(value: Any) -> bool:
    return value is None or isinstance(value, int | float) or value in ("nan", "inf", "-inf")


def is_of_training(line: Mapping[str, Any]) -> bool:
    """Whether a line is of a training step, and not of a validation."""
    return "seconds" in line or "loss" in line


def is_rate(name: str) -> bool:
    """Whether a column is a learning rate: "lr", or "generator/lr" of one among several groups of parameters."""
    return name.rpartition("/")[2] == "lr"


def truncate(path: Path, step: int) -> None:
    """Forget what came after the line of `step`, its own validation too: a resumed run writes it again."""
    kept = [line for line in read(path) if line["step"] < step or (line["step"] == step and is_of_training(line))]
    write_text(path, "".join(map(_line, kept)))


def numbers(line: dict[str, Any]) -> dict[str, Any]:
    """A line as it was given to `append`."""
    if not any(isinstance(value, str) for value in line.values()):
        return line
    return {name: _NOT_FINITE.get(value, value) if isinstance(value, str) else value for name, value in line.items()}


def _line(line: Mapping[str, Any]) -> str:
    return json.dumps({name: _written(value) for name, value in line.items()}, allow_nan=False) + "\n"


def _written(value: Any) -> Any:
    return str(value) if isinstance(value, float) and not math.isfinite(value) else value
