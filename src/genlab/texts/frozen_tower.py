"""A text tower that is not trained: each text is encoded once, and what came of it is kept."""

from __future__ import annotations

from collections import defaultdict
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pad_sequence

from genlab.texts.text_encoder import Text

_MOST_KEPT = 2**30
"""Bytes of main memory; texts that find no room are encoded whenever they are asked for."""


_ROWS = 8
"""Texts in a block. All blocks have so many rows of one length, so that each text is calculated in one way only, and a
resumed training reads the very numbers that it read before, whatever texts stand beside."""


class _Encoded(NamedTuple):
    """In main memory, wherever the network is: what is kept takes none of a model's."""

    tokens: Tensor  # (length, width)
    n_own: int  # so many tokens are the text's, the others fill the row
    pooled: Tensor  # (width,)
    truncated: str


class FrozenTower(nn.Module):
    """A network of transformers with its tokenizer. What it makes of a text depends on that text alone, bit for bit.

    It works in float32 whatever the precision of the training: T5 overflows in float16.

    Args:
        network: gives `last_hidden_state`, and `pooler_output` unless `mean`.
        tokenizer: of transformers.
        length: the most tokens of a text.
        mean: `pooled` is the mean of the text's tokens.
        masks_filling: the network is told which tokens fill a row; one that sees only what comes before need not be.
    """

    def __init__(self, network: nn.Module, tokenizer: Any, length: int, mean: bool, masks_filling: bool) -> None:
        super().__init__()
        self.network = network.requires_grad_(False).eval()
        self.tokenizer = tokenizer
        self.length = length
        self._mean, self._masks_filling = mean, masks_filling
        self._known: dict[tuple[str, bool], _Encoded] = {}
        self._bytes_kept = 0

    def forward(self, texts: list[str], full_length: bool = False) -> Text:
        device = next(self.network.parameters()).device
        found = self._encoded(texts or [""], full_length, device)
        encoded = [found[text] for text in texts or [""]]
        tokens = pad_sequence([each.tokens for each in encoded], batch_first=True).to(device)
        lengths = torch.tensor([each.n_own for each in encoded])
        mask = (torch.arange(tokens.shape[1]) < lengths[:, None]).to(device)
        pooled = torch.stack([each.pooled for each in encoded]).to(device)
        n = len(texts)
        return Text(tokens[:n], mask[:n], pooled[:n], [each.truncated for each in encoded][:n])

    def truncated(self, texts: list[str]) -> list[str]:
        return [self._tokenized(text)[1] for text in texts]

    def _encoded(self, texts: list[str], full_length: bool, device: torch.device) -> dict[str, _Encoded]:
        """Text -> what the network makes of it, now or before."""
        found: dict[str, _Encoded] = {}
        rows: dict[int, list[tuple[str, list[int], str]]] = defaultdict(list)
        for text in dict.fromkeys(texts):
            if (text, full_length) in self._known:
                found[text] = self._known[text, full_length]
            else:
                ids, truncated = self._tokenized(text)
                rows[len(ids)].append((text, ids, truncated))
        for n_own, of_one_length in rows.items():
            for start in range(0, len(of_one_length), _ROWS):
                block = of_one_length[start : start + _ROWS]
                made = self._encode([ids for _, ids, _ in block], full_length, device)
                tokens, pooled = (each.cpu() for each in made)
                for i, (text, _, truncated) in enumerate(block):
                    found[text] = _Encoded(tokens[i].clone(), n_own, pooled[i].clone(), truncated)
                    self._keep(text, full_length, found[text])
        return found

    def _keep(self, text: str, full_length: bool, encoded: _Encoded) -> None:
        taken = encoded.tokens.nbytes + encoded.pooled.nbytes
        if self._bytes_kept + taken <= _MOST_KEPT:
            self._bytes_kept += taken
            self._known[text, full_length] = encoded

    @torch.no_grad()
    def _encode(self, ids: list[list[int]], full_length: bool, device: torch.device) -> tuple[Tensor, Tensor]:
        """(n, length, width) and (n, width), for at most `_ROWS` texts of as many tokens each."""
        n, n_own, filling = len(ids), len(ids[0]), self.tokenizer.pad_token_id or 0
        length = self.length if full_length else n_own
        rows = [row + [filling] * (length - n_own) for row in [*ids, *ids[-1:] * (_ROWS - n)]]
        own = (torch.arange(length, device=device) < n_own).long().expand(_ROWS, -1)
        with torch.autocast(device.type, enabled=False):
            made = self.network(
                torch.tensor(rows, device=device), **({"attention_mask": own} if self._masks_filling else {})
            )
        tokens: Tensor = made.last_hidden_state
        pooled = tokens[:, :n_own].mean(1) if self._mean else made.pooler_output
        return tokens[:n], pooled[:n]

    def _tokenized(self, text: str) -> tuple[list[int], str]:
        """(the numbers of the tokens that are read, the text from the first word of which one is not)."""
        whole = self.tokenizer(text, return_offsets_mapping=True, return_special_tokens_mask=True, verbose=False)
        if len(whole["input_ids"]) <= self.length:
            return whole["input_ids"], ""
        cut = self.tokenizer(text, truncation=True, max_length=self.length)["input_ids"]
        own = [i for i, special in enumerate(whole["special_tokens_mask"]) if not special]
        first = own[self.length - (len(whole["input_ids"]) - len(own))]
        words = whole.word_ids()
        start = min(whole["offset_mapping"][i][0] for i in own if words[i] == words[first])
        return cut, text[start:].strip()
