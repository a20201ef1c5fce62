"""Several text towers at once: https://arxiv.org/abs/2211.01324 (Balaji et al. 2022, eDiff-I, section 4.1)."""

from __future__ import annotations

from typing import cast

import torch
from torch import nn

from genlab.ranges import PositiveInt
from genlab.texts.text_encoder import Text, TextEncoder


class SideBySide(nn.Module):
    """The tokens of all towers after one another, each tower's brought to one width by a layer that is trained along.

    The towers' vectors differ in size: each is normalised before. `pooled` is the sum of what comes of theirs. Words
    are cut where no tower reads them, and `length` is that of the tower which reads the most.

    Args:
        towers: two or more.
        width: of a token's vector.

    Raises:
        ValueError: there are fewer than two towers.
    """

    def __init__(self, towers: list[TextEncoder], width: PositiveInt) -> None:
        super().__init__()
        if len(towers) < 2:
            raise ValueError(f"text.towers has {len(towers)}: side by side are two or more")
        self.towers = nn.ModuleList(cast("list[nn.Module]", towers))
        self.tokens = nn.ModuleList(_layer(tower.width, width) for tower in towers)
        self.pooled = nn.ModuleList(_layer(tower.width, width) for tower in towers)
        self.width = width
        self.length = max(tower.length for tower in towers)

    def forward(self, texts: list[str], full_length: bool = False) -> Text:
        made = [tower(texts, full_length) for tower in self.towers]
        return Text(
            torch.cat([layer(each.tokens) for layer, each in zip(self.tokens, made, strict=True)], 1),
            torch.cat([each.mask for each in made], 1),
            torch.stack([layer(each.pooled) for layer, each in zip(self.pooled, made, strict=True)]).sum(0),
            _shortest([each.truncated for each in made]),
        )

    def truncated(self, texts: list[str]) -> list[str]:
        return _shortest([cast(TextEncoder, tower).truncated(texts) for tower in self.towers])


def _layer(inputs: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(nn.LayerNorm(inputs), nn.Linear(inputs, outputs))


def _shortest(of_towers: list[list[str]]) -> list[str]:
    """The words of each text that not even the tower reads which reads the most."""
    return [min(rests, key=len) for rests in zip(*of_towers, strict=True)]
