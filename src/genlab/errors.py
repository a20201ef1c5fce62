"""Errors that speak to the person who wrote the config."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence


class ConfigError(ValueError):
    """One or more problems of a config, each one sentence."""

    def __init__(self, problems: str | Sequence[str]) -> None:
        self.problems = [problems] if isinstance(problems, str) else list(problems)
        super().__init__("\n".join(self.problems))


def nearest(word: str, names: Iterable[str], n: int = 3) -> str:
    """ "; did you mean 'a' or 'b'?" for the `names` nearest to `word`, empty when none is near.

    Dotted keys also match by their last part: for `model.codng` both `model.coding_size` and `coding` are near.
    """
    names = list(dict.fromkeys(names))
    near = _close(word, names, n)
    if not near and "." in word:
        last = {key.rpartition(".")[2]: key for key in reversed(names)}
        near = [last[k] for k in _close(word.rpartition(".")[2], list(last), n)]
    if not near:
        near = [key for key in names if key.startswith(word) or (len(key) > 2 and word.startswith(key))][:n]
    return f"; did you mean {' or '.join(repr(key) for key in near)}?" if near else ""


def _close(word: str, words: list[str], n: int) -> list[str]:
    """The closest words, and others only if they are almost as close."""
    ratio = {k: difflib.SequenceMatcher(None, word, k).ratio() for k in difflib.get_close_matches(word, words, n)}
    return [k for k, r in ratio.items() if r > max(ratio.values(), default=0) - 0.12]


def listed(words: Iterable[str], limit: int = 12) -> str:
    """The words in order with commas, cut after `limit`."""
    words = sorted(dict.fromkeys(words))
    return ", ".join(words[:limit]) + (f", ... ({len(words)} in all)" if len(words) > limit else "")
