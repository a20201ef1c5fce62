"""What a text tower makes of texts."""

from __future__ import annotations

from typing import NamedTuple, Protocol

from torch import Tensor


class Text(NamedTuple):
    """Texts as vectors: a row for each."""

    tokens: Tensor
    """(batch, length, width): a vector for each token; `length` is that of the longest text of the batch."""

    mask: Tensor
    """(batch, length) bool, true where a token is of the text and false where it only fills the row."""

    pooled: Tensor
    """(batch, width): one vector for the whole of each text."""

    truncated: list[str]
    """The words of each text that were cut, since it has more tokens than the tower reads; "" for none."""


class TextEncoder(Protocol):
    """A text tower with its tokenizer; on the device of its weights."""

    width: int
    """Numbers in the vector of a token."""

    length: int
    """The most tokens of a text that it reads, those of its beginning and its end included."""

    def __call__(self, texts: list[str], full_length: bool = False) -> Text:
        """What a network reads of the texts; what a text gives does not depend on the others of its batch.

        Args:
            full_length: fill every row to `length` tokens, for models that look at the filling too.
        """
        ...

    def truncated(self, texts: list[str]) -> list[str]:
        """The words of each text that are cut, as `Text.truncated`; without encoding it."""
        ...
