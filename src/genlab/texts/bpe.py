"""CLIP's byte-pair encoding: a text as numbers of frequent pieces of words.

Papers: https://arxiv.org/abs/1508.07909 (Sennrich et al. 2016), https://arxiv.org/abs/2103.00020 (Radford et al. 2021)
"""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

_START, _END = "<|startoftext|>", "<|endoftext|>"
_WORD_ENDS = "</w>"
_SUFFIXES = ("'re", "'ve", "'ll", "'s", "'t", "'m", "'d")
"""Ends of English words that are pieces of their own."""


class TokenizedText(NamedTuple):
    """A text as numbers."""

    ids: list[int]
    """Its beginning, its pieces, its end."""

    truncated: str
    """The rest of the text, from the first word of which a piece was cut."""


class BPE:
    """Lower-case words, each as few pieces as the merges make of it; every text can be said, byte by byte if need be.

    The same numbers as transformers' `CLIPTokenizer` gives with the same merges. What looks like the tokens of the
    beginning and the end is text as any other.

    Args:
        merges: pairs of pieces, "i n", those that are merged first first.
    """

    def __init__(self, merges: Sequence[str]) -> None:
        self.merges = list(merges)
        pairs = [(left, right) for left, right in (merge.split() for merge in self.merges)]
        letters = list(_letters().values())
        pieces = [*letters, *(letter + _WORD_ENDS for letter in letters), *(a + b for a, b in pairs), _START, _END]
        self.ids = {piece: i for i, piece in enumerate(pieces)}
        self.start, self.end = self.ids[_START], self.ids[_END]
        self._rank = {pair: i for i, pair in enumerate(pairs)}
        self._known: dict[str, list[int]] = {}

    def __len__(self) -> int:
        """How many numbers there are."""
        return len(self.ids)

    def __call__(self, text: str, length: int | None = None) -> TokenizedText:
        """The text in at most `length` numbers; the end is never cut."""
        text = normalised(text)
        ids, room = [self.start], None if length is None else length - 2
        for place, word in words(text):
            ids += self._of_word(word)
            if room is not None and len(ids) - 1 > room:
                return TokenizedText([*ids[: room + 1], self.end], text[place:])
        return TokenizedText([*ids, self.end], "")

    def _of_word(self, word: str) -> list[int]:
        if word not in self._known:
            letters = [_letters()[byte] for byte in word.encode()]
            self._known[word] = [self.ids[piece] for piece in self._merged([*letters[:-1], letters[-1] + _WORD_ENDS])]
        return self._known[word]

    def _merged(self, pieces: list[str]) -> list[str]:
        """The pieces of a word, merged until no pair of neighbours can be."""
        while len(pieces) > 1:
            first = min(pairwise(pieces), key=lambda pair: self._rank.get(pair, len(self._rank)))
            if first not in self._rank:
                break
            merged: list[str] = []
            for piece in pieces:
                if merged and (merged[-1], piece) == first:
                    merged[-1] += piece
                else:
                    merged.append(piece)
            pieces = merged
        return pieces

    def save(self, folder: Path, length: int) -> None:
        """Write it as transformers and diffusers read it; `length` is the most tokens that its text tower reads."""
        special = {"bos_token": _START, "eos_token": _END, "unk_token": _END, "pad_token": _END}
        settings = {"tokenizer_class": "CLIPTokenizer", "model_max_length": length, **special}
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "vocab.json").write_text(json.dumps(self.ids, ensure_ascii=False), encoding="utf-8")
        (folder / "merges.txt").write_text("\n".join(["#version: 0.2", *self.merges, ""]), encoding="utf-8")
        (folder / "tokenizer_config.json").write_text(json.dumps(settings, indent=2), encoding="utf-8")
        (folder / "special_tokens_map.json").write_text(json.dumps(special, indent=2), encoding="utf-8")


@cache
def small_bpe() -> BPE:
    """The first 4,000 merges of CLIP: 4,514 numbers, of which English captions need a third more than of CLIP's all."""
    return BPE((Path(__file__).with_name("bpe_4000.txt")).read_text(encoding="utf-8").splitlines()[1:])


def normalised(text: str) -> str:
    """In lower case, with one space between words, and accents as one sign with their letters."""
    return " ".join("".join(letter.lower() for letter in unicodedata.normalize("NFC", text)).split())


def words(text: str) -> Iterator[tuple[int, str]]:
    """(place in the text, word): letters in a row, a single digit, or signs in a row; ends such as 's by themselves."""
    place = 0
    while place < len(text):
        kind, end = _kind(text[place]), place + 1
        if (suffix := next((s for s in _SUFFIXES if text.startswith(s, place)), None)) is not None:
            end = place + len(suffix)
        elif kind in ("letter", "sign"):
            while end < len(text) and _kind(text[end]) == kind:
                end += 1
        if kind != "space":
            yield place, text[place:end]
        place = end


def _kind(sign: str) -> str:
    if sign.isspace():
        return "space"
    return {"L": "letter", "N": "digit"}.get(unicodedata.category(sign)[0], "sign")


@cache
def _letters() -> dict[int, str]:
    """Byte -> the sign that stands for it, in CLIP's order: itself where it can be seen, else one above 255."""
    seen = [*range(ord("!"), ord("~") + 1), *range(ord("¡"), ord("¬") + 1), *range(ord("®"), ord("ÿ") + 1)]
    hidden = [byte for byte in range(256) if byte not in seen]
    return {byte: chr(byte) for byte in seen} | {byte: chr(256 + i) for i, byte in enumerate(hidden)}
