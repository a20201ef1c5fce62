"""history.jsonl: a line a step, the truth about a training."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from genlab.runs.atomic import write_text
from genlab.runs.signals import uncut


def append(path: Path, lines: Iterable[Mapping[str, Any]]) -> None:
    """Add lines and flush them to the disk."""
    text = "".join(json.dumps(dict(line)) + "\n" for line in lines)
    with uncut(), path.open("a", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


def read(path: Path) -> list[dict[str, Any]]:
    """The lines, in order; a last line that was torn by a crash is left out."""
    lines = []
    if path.is_file():
        for text in path.read_text(encoding="utf-8").splitlines():
            try:
                lines.append(json.loads(text))
            except ValueError:
                break
    return lines


def truncate(path: Path, step: int) -> None:
    """Forget what came after the loss of `step`, its own validation too: a resumed run writes it again."""
    kept = [line for line in read(path) if line["step"] < step or (line["step"] == step and "loss" in line)]
    write_text(path, "".join(json.dumps(line) + "\n" for line in kept))
