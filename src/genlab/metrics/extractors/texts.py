"""What an extractor that reads texts sees in them."""

from __future__ import annotations

from typing import NamedTuple, Protocol, runtime_checkable

from torch import Tensor


class Texts(NamedTuple):
    """Texts in the space of an extractor's features of pictures."""

    features: Tensor
    """(n, d)."""

    truncated: Tensor
    """(n,) bool: which were longer than the extractor reads and were cut."""


@runtime_checkable
class ReadsTexts(Protocol):
    """An extractor whose features of pictures and of texts lie in one space, and fit where they point the same way."""

    def texts(self, captions: list[str]) -> Texts:
        """What it sees in `captions`; there after `prepare`."""
        ...


def require_texts(extractor: object, what: str) -> ReadsTexts:
    """`extractor`. Raises ValueError, one sentence, where it reads no texts, which `what` needs."""
    if not isinstance(extractor, ReadsTexts):
        name = getattr(extractor, "name", type(extractor).__name__)
        raise ValueError(f"{what} needs an extractor that reads texts, clip or image_text, not {name}")
    return extractor
