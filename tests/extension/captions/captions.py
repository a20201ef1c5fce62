"""Diffusion that goes by a caption: digits with texts, words as tokens, and a network that attends to them."""

import torch
from torch import nn

from genlab.conditioning.condition import Condition
from genlab.conditions import ConditionTensors, as_input, check_request
from genlab.data.image_datamodule import ImageDataModule
from genlab.networks.timestep import TimestepEmbedding
from genlab.randomness import rand

NAMES = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
WORDS = {word: i for i, word in enumerate(["", "a", "the", "digit", *NAMES])}


class NamedDigits(ImageDataModule):
    """Pictures of digits, each with two captions."""

    def part(self, split):
        items, rows = super().part(split)
        texts = [(f"a {NAMES[k]}", f"the digit {NAMES[k]}") for k in items.labels.tolist()]
        return items._replace(captions=texts), rows


class Words(nn.Module):
    """A vector for each word of a text; the empty text stands for none."""

    num_classes, asks, gives = None, {"prompt", "negative_prompt"}, {"tokens", "mask"}

    def __init__(self, width: int = 16, dropout: float = 0.1):
        super().__init__()
        self.table, self.dropout = nn.Embedding(len(WORDS), width), dropout

    def tokens(self, texts):
        ids = [torch.tensor([WORDS.get(word, 0) for word in text.split(" ")]) for text in texts]
        padded = nn.utils.rnn.pad_sequence(ids, batch_first=True, padding_value=-1).to(self.table.weight.device)
        return ConditionTensors(tokens=self.table(padded.clamp(min=0)), mask=padded >= 0)

    def forward(self, batch, generator=None):
        condition = Condition(self.tokens(batch.caption), self.tokens([""] * len(batch.x)))
        return condition.without(rand((len(batch.x),), generator, batch.x.device) < self.dropout * self.training)

    def from_input(self, n, condition, device=None):
        check_request(as_input(condition), self.asks)
        asked = as_input(condition).for_each(n)
        return Condition(self.tokens(asked.prompt or [""] * n), self.tokens(asked.negative_prompt or [""] * n))


class Attends(nn.Module):
    def __init__(self, width: int = 16):
        super().__init__()
        self.time, self.in_conv, self.side_multiple = TimestepEmbedding(width), nn.Conv2d(1, width, 3, padding=1), 1
        self.attention = nn.MultiheadAttention(width, 2, batch_first=True)
        self.out_conv = nn.Sequential(nn.SiLU(), nn.Conv2d(width, 1, 3, padding=1))

    def forward(self, x, level, condition):
        h = self.in_conv(x) + self.time(level)[..., None, None]
        attended, _ = self.attention(h.flatten(2).mT, condition.tokens, condition.tokens, ~condition.mask)
        return self.out_conv(h + attended.mT.reshape(h.shape))
