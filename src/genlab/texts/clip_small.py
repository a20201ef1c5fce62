"""A small text tower of CLIP's kind, trained along with the model that reads it."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

from genlab.ranges import PositiveInt, SeveralInt
from genlab.texts.bpe import small_bpe
from genlab.texts.clip_network import CLIPTextNetwork
from genlab.texts.text_encoder import Text


class ClipSmall(nn.Module):
    """CLIP's text transformer on 4,514 tokens: CLIP's byte-pair encoding, cut to its first 4,000 merges.

    `pooled` is the vector of the end token, which has seen all of the text. A batch is as long as its longest text:
    77 tokens, which CLIP always takes, would cost 4.6 times as much as 16.

    Args:
        width: of the vectors; a multiple of `heads`.
        depth: layers.
        heads: of attention.
        length: the most tokens of a text, those of its beginning and its end included; the rest is cut.

    Raises:
        ValueError: `width` is no multiple of `heads`.
    """

    def __init__(
        self, width: PositiveInt = 128, depth: PositiveInt = 2, heads: PositiveInt = 4, length: SeveralInt = 48
    ) -> None:
        super().__init__()
        if width % heads:
            raise ValueError(f"text.width={width} must be a multiple of text.heads={heads}")
        self.width, self.depth, self.heads, self.length = width, depth, heads, length
        self.tokenizer = small_bpe()
        self.text_model = CLIPTextNetwork(len(self.tokenizer), length, width, depth, heads)

    def forward(self, texts: list[str], full_length: bool = False) -> Text:
        tokenized = [self.tokenizer(text, self.length) for text in texts]
        lengths = torch.tensor([len(text.ids) for text in tokenized], dtype=torch.int64)
        n = self.length if full_length else max(map(int, lengths), default=2)
        end = self.tokenizer.end
        ids = torch.tensor([text.ids + [end] * (n - len(text.ids)) for text in tokenized], dtype=torch.int64).view(
            -1, n
        )
        device = self.text_model.final_layer_norm.weight.device
        tokens = self.text_model(ids.to(device))
        mask = torch.arange(n) < lengths[:, None]
        rows = torch.arange(len(texts))
        return Text(tokens, mask.to(device), tokens[rows, lengths - 1], [text.truncated for text in tokenized])

    def truncated(self, texts: list[str]) -> list[str]:
        return [self.tokenizer(text, self.length).truncated for text in texts]

    @property
    def config(self) -> dict[str, Any]:
        """What transformers' `CLIPTextModel` needs to be told to be the same network."""
        return {
            "architectures": ["CLIPTextModel"], "model_type": "clip_text_model", "vocab_size": len(self.tokenizer),
            "hidden_size": self.width, "intermediate_size": 4 * self.width, "num_hidden_layers": self.depth,
            "num_attention_heads": self.heads, "max_position_embeddings": self.length, "hidden_act": "quick_gelu",
            "bos_token_id": self.tokenizer.start, "eos_token_id": self.tokenizer.end,
            "pad_token_id": self.tokenizer.end,
        }  # fmt: skip
