"""Prompts: a file of them, and what has no effect. Torch-free: command lines are checked by it, too."""

from __future__ import annotations

import io
from pathlib import Path

from genlab.regular import MOST_BYTES, read_regular

UNHEEDED = (
    "only guidance looks at a negative prompt, and there is none here (guidance=none, scale 1, or a distilled model): "
    "take guidance=classifier_free with guidance.scale above 1, or leave the negative prompt away"
)


def read_prompts(path: str | Path) -> list[str]:
    """The lines of a text file, a prompt each, without those that are empty and without spaces around.

    Raises:
        ValueError: it cannot be read, is no text in UTF-8, or has no prompt.
    """
    try:
        text = read_regular(Path(path).expanduser(), MOST_BYTES).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValueError(f"prompts = {path} is no text in UTF-8: {error.reason} at byte {error.start}") from error
    except (OSError, RuntimeError, ValueError) as error:  # a home that is not known, a null byte
        raise ValueError(f"prompts = {path} must be a text file with a prompt a line: {_reason(error)}") from error
    lines = io.StringIO(text, newline=None)  # `splitlines` ends lines at signs that a prompt may have
    if not (prompts := [line.strip() for line in lines if line.strip()]):
        raise ValueError(f"prompts = {path} has no prompt: write one a line")
    return prompts


def _reason(error: Exception) -> str:
    return str(getattr(error, "strerror", None) or error).lower()
